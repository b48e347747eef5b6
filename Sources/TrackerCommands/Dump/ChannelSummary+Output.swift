import TrackerInterchange
import TrackerModel

extension ChannelSummary {
  func write(to json: inout JSONWriter) throws(TrackerError) {
    try json.beginObject()
    try json.members(channel)
    try json.member("value_type", valueType.description)
    try json.member("instances", instances)
    try json.member("points", points)
    try json.member("nan_values", nanCount)
    try json.member("epochs", epochs)
    try json.member("first_step", firstStep)
    try json.member("last_step", lastStep)
    try json.member("bytes", bytes)
    try json.endObject()
  }

  /// The fields from the channel to its bytes.
  func write(to csv: inout CSVWriter) {
    csv.members(channel)
    csv.text(valueType.description)
    for number in [instances, points, epochs] { csv.integer(Int64(number)) }
    csv.integer(firstStep)
    csv.integer(lastStep)
    csv.integer(Int64(bytes))
  }
}
