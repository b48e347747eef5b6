import Glibc

// One command a line on standard input, its fields separated by tabs; one line of JSON in answer to
// each. Times are taken inside, with the monotonic clock: what the pipe costs is in none of them.

let session = Session()
while let line = readLine() {
  let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
  if fields[0] == "quit" { break }
  do {
    print(try session.answer(fields[0], Arguments(fields.dropFirst())).json)
  } catch {
    print(Answer([("error", .text("\(error)"))]).json)
  }
  // All streams: naming the one would touch a global that Swift cannot know to be safe.
  fflush(nil)
}
