/// One line of JSON: an object of numbers, texts and lists of numbers.
struct Answer {
  enum Value {
    case integer(Int)
    case number(Double)
    case integers([Int])
    case numbers([Double])
    case text(String)
  }

  private var members: [(name: String, value: Value)]

  init(_ members: [(String, Value)] = []) { self.members = members }

  mutating func add(_ name: String, _ value: Value) { members.append((name, value)) }

  var json: String {
    "{" + members.map { "\"\($0.name)\":\(Self.json($0.value))" }.joined(separator: ",") + "}"
  }

  private static func json(_ value: Value) -> String {
    switch value {
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .integers(let values): "[\(values.map { "\($0)" }.joined(separator: ","))]"
    case .numbers(let values): "[\(values.map { "\($0)" }.joined(separator: ","))]"
    case .text(let text): quoted(text)
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<"\u{20}": result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// The fields behind a command's name.
struct Arguments {
  private let fields: [String]

  init(_ fields: some Sequence<String>) { self.fields = Array(fields) }

  struct Missing: Error, CustomStringConvertible {
    var description: String
  }

  func text(_ place: Int) throws -> String {
    guard place < fields.count else { throw Missing(description: "argument \(place) is missing") }
    return fields[place]
  }

  func integer(_ place: Int) throws -> Int {
    guard let value = Int(try text(place)) else {
      throw Missing(description: "argument \(place) is no integer: \(fields[place])")
    }
    return value
  }
}

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let duration = try ContinuousClock().measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
