import FuzzTargets
import Glibc
import TrackerModel

/// Which target this process fuzzes: the environment says, since libFuzzer takes the arguments.
private let target: FuzzTarget = {
  guard let text = getenv("FUZZ_TARGET"), let found = FuzzTarget(rawValue: String(cString: text))
  else { fatalError("FUZZ_TARGET names no target") }
  return found
}()

@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

@_silgen_name("LLVMFuzzerMutate")
private func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ room: Int) -> Int

/// libFuzzer's own mutation, after which checksums are right again, all but one time in sixteen.
@c(LLVMFuzzerCustomMutator)
public func customMutator(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ room: Int, _ seed: UInt32
) -> Int {
  let length = mutate(data, size, room)
  guard seed & 15 != 0 else { return length }
  var bytes = Array(UnsafeBufferPointer(start: data, count: length))
  target.reseal(&bytes)
  for place in bytes.indices { data[place] = bytes[place] }
  return bytes.count
}

/// Where FUZZ_SEEDS names a folder, it gets what FUZZ_VECTORS holds, and nothing is fuzzed.
@c(LLVMFuzzerInitialize)
public func initialize(
  _ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
  guard let folder = getenv("FUZZ_SEEDS"), let vectors = getenv("FUZZ_VECTORS") else { return 0 }
  do throws(TrackerError) {
    try SeedFiles.write(from: String(cString: vectors), to: String(cString: folder))
  } catch {
    fatalError("\(error)")
  }
  exit(0)
}
