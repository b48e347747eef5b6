public import TrackerModel

/// Where a training stood when its checkpoint was saved.
public struct FastEstimatorSystem: Sendable, Hashable {
  public var mode: Mode?
  public var epoch: Int64?
  /// How many batches were trained on.
  public var step: Int64?

  init(mode: Mode?, epoch: Int64?, step: Int64?) {
    self.mode = mode
    self.epoch = epoch
    self.step = step
  }

  /// Reads the `system.json` of a checkpoint; members that are missing or null are not known.
  ///
  /// - Throws: `badInput` where it is no JSON object, or a member of another type.
  public init(json: [UInt8], name: String) throws(TrackerError) {
    func fail(_ detail: String, at position: Int) -> TrackerError {
      TrackerError(
        .badInput, "JSON", detail, file: name, offset: UInt64(position),
        remedy: "save the checkpoint anew, or import its objects.pkl from another folder")
    }
    var members: [JSONReader.Member] = []
    do throws(TextFault) {
      var scanner = JSONScanner(json.span, 0..<json.count)
      guard try scanner.scanObject(into: &members) else {
        throw TextFault(position: 0, detail: "expected an object '{', found nothing")
      }
    } catch {
      throw fail(error.detail, at: error.position)
    }
    for member in members {
      let text = Array(json[member.value])
      switch String(decoding: json[member.name], as: UTF8.self) {
      case "mode" where member.kind != .null:
        guard member.kind == .string,
          let mode = Mode(name: String(decoding: text, as: UTF8.self))
        else {
          throw fail(
            "'mode' is no mode: \(UTF8Text.shown(text.span))", at: member.value.lowerBound)
        }
        self.mode = mode
      case "epoch_idx" where member.kind != .null:
        epoch = IntegerText.parse(text.span)
        if epoch == nil { throw fail("'epoch_idx' is no integer", at: member.value.lowerBound) }
      case "global_step" where member.kind != .null:
        step = IntegerText.parse(text.span)
        if step == nil { throw fail("'global_step' is no integer", at: member.value.lowerBound) }
      default: break
      }
    }
  }
}
