import TrackerInterchange
import TrackerModel

/// One array of a JSON document with its schema's version, or, as NDJSON, a row a line.
struct JSONRows {
  private var json: JSONWriter
  private let isDocument: Bool

  /// - Parameter name: of the array in the document.
  init(_ console: Console, _ format: OutputFormat, named name: String) throws(TrackerError) {
    isDocument = format != .ndjson
    json = JSONWriter(console.output, style: isDocument ? .pretty : .compact)
    if isDocument {
      try json.beginObject()
      try json.member("schema", 1)
      json.name(name)
      try json.beginArray()
    }
  }

  /// Writes one row: exactly one value.
  mutating func row(_ write: (inout JSONWriter) throws(TrackerError) -> Void) throws(TrackerError) {
    try write(&json)
    if !isDocument { try json.endLine() }
  }

  mutating func finish() throws(TrackerError) {
    if isDocument {
      try json.endArray()
      try json.endObject()
      try json.endLine()
    }
    try json.finish()
  }
}
