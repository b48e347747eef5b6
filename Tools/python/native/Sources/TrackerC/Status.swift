import CTrackerState
import Glibc
import TrackerModel

/// A failure with its status and text.
struct Failure: Error {
  var status: trk_status
  var text: String

  init(_ status: Int, _ text: String) {
    self.status = trk_status(status)
    self.text = text
  }

  init(_ error: TrackerError) {
    status = error.code.status
    text = error.description
  }
}

/// Runs the body of a function of the interface; its failure becomes the thread's last error.
func status(_ body: () throws -> Void) -> trk_status {
  do {
    try body()
    return trk_status(TRK_OK)
  } catch let failure as Failure {
    LastError.set(failure.text)
    return failure.status
  } catch let error as TrackerError {
    let failure = Failure(error)
    LastError.set(failure.text)
    return failure.status
  } catch {
    LastError.set("\(error)")
    return trk_status(TRK_SYSTEM)
  }
}

/// Each thread's last error.
private enum LastError {
  private final class Text {
    var utf8: [UInt8] = []
  }

  private static let key = {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key) {
      if let text = unsafe $0 { unsafe Unmanaged<Text>.fromOpaque(text).release() }
    }
    return key
  }()

  static func set(_ text: String) {
    if let held = unsafe pthread_getspecific(key) {
      unsafe Unmanaged<Text>.fromOpaque(held).takeUnretainedValue().utf8 = Array(text.utf8)
    } else {
      let held = Text()
      held.utf8 = Array(text.utf8)
      unsafe pthread_setspecific(key, Unmanaged.passRetained(held).toOpaque())
    }
  }

  static var utf8: [UInt8] {
    unsafe pthread_getspecific(key).map {
      unsafe Unmanaged<Text>.fromOpaque($0).takeUnretainedValue().utf8
    } ?? []
  }
}

@c @implementation
public func trk_last_error(_ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int64) -> Int64 {
  let text = LastError.utf8
  if let buffer = unsafe buffer, capacity > 0 {
    let count = min(text.count, Int(capacity - 1))
    for place in 0..<count { unsafe buffer[place] = CChar(bitPattern: text[place]) }
    unsafe buffer[count] = 0
  }
  return Int64(text.count)
}

extension TrackerError.Code {
  var status: trk_status {
    let status =
      switch self {
      case .invalidParameter: TRK_INVALID_PARAMETER
      case .lengthMismatch: TRK_LENGTH_MISMATCH
      case .wrongIndexType: TRK_WRONG_INDEX_TYPE
      case .inexactValue: TRK_INEXACT_VALUE
      case .unknownMetric: TRK_UNKNOWN_METRIC
      case .closed: TRK_CLOSED
      case .forkedProcess: TRK_FORKED_PROCESS
      case .parametersDiffer: TRK_PARAMETERS_DIFFER
      case .system: TRK_SYSTEM
      case .closedPipe: TRK_CLOSED_PIPE
      case .alreadyExists: TRK_ALREADY_EXISTS
      case .notFound: TRK_NOT_FOUND
      case .locked: TRK_LOCKED
      case .outOfRange: TRK_OUT_OF_RANGE
      case .notATrackerFile: TRK_NOT_A_TRACKER_FILE
      case .unsupportedVersion: TRK_UNSUPPORTED_VERSION
      case .truncated: TRK_TRUNCATED
      case .checksumMismatch: TRK_CHECKSUM_MISMATCH
      case .limitExceeded: TRK_LIMIT_EXCEEDED
      case .malformed: TRK_MALFORMED
      case .unsupportedEncoding: TRK_UNSUPPORTED_ENCODING
      case .noCommit: TRK_NO_COMMIT
      case .tooMuchDamage: TRK_TOO_MUCH_DAMAGE
      case .badInput: TRK_BAD_INPUT
      case .mergeConflict: TRK_MERGE_CONFLICT
      case .unknownProvenance: TRK_UNKNOWN_PROVENANCE
      case .missingWorker: TRK_MISSING_WORKER
      case .mixedRuns: TRK_MIXED_RUNS
      }
    return trk_status(status)
  }

  /// Such as "ALREADY_EXISTS" for `alreadyExists`.
  var statusName: StaticString {
    switch self {
    case .invalidParameter: "INVALID_PARAMETER"
    case .lengthMismatch: "LENGTH_MISMATCH"
    case .wrongIndexType: "WRONG_INDEX_TYPE"
    case .inexactValue: "INEXACT_VALUE"
    case .unknownMetric: "UNKNOWN_METRIC"
    case .closed: "CLOSED"
    case .forkedProcess: "FORKED_PROCESS"
    case .parametersDiffer: "PARAMETERS_DIFFER"
    case .system: "SYSTEM"
    case .closedPipe: "CLOSED_PIPE"
    case .alreadyExists: "ALREADY_EXISTS"
    case .notFound: "NOT_FOUND"
    case .locked: "LOCKED"
    case .outOfRange: "OUT_OF_RANGE"
    case .notATrackerFile: "NOT_A_TRACKER_FILE"
    case .unsupportedVersion: "UNSUPPORTED_VERSION"
    case .truncated: "TRUNCATED"
    case .checksumMismatch: "CHECKSUM_MISMATCH"
    case .limitExceeded: "LIMIT_EXCEEDED"
    case .malformed: "MALFORMED"
    case .unsupportedEncoding: "UNSUPPORTED_ENCODING"
    case .noCommit: "NO_COMMIT"
    case .tooMuchDamage: "TOO_MUCH_DAMAGE"
    case .badInput: "BAD_INPUT"
    case .mergeConflict: "MERGE_CONFLICT"
    case .unknownProvenance: "UNKNOWN_PROVENANCE"
    case .missingWorker: "MISSING_WORKER"
    case .mixedRuns: "MIXED_RUNS"
    }
  }
}

@c @implementation
public func trk_status_name(_ status: trk_status) -> UnsafePointer<CChar>? {
  let name: StaticString =
    switch Int(status) {
    case TRK_OK: "OK"
    case TRK_INVALID_ARGUMENT: "INVALID_ARGUMENT"
    case TRK_INVALID_HANDLE: "INVALID_HANDLE"
    case TRK_WRONG_HANDLE: "WRONG_HANDLE"
    case TRK_BUFFER_TOO_SMALL: "BUFFER_TOO_SMALL"
    default: TrackerError.Code.allCases.first { $0.status == status }?.statusName ?? "UNKNOWN"
    }
  return unsafe text(name)
}

@c @implementation
public func trk_abi_version() -> Int32 { 1 }

@c @implementation
public func trk_version() -> UnsafePointer<CChar>? { unsafe text("1.0.0") }

/// SAFETY: static strings stand in the program, ended by a NUL.
private func text(_ string: StaticString) -> UnsafePointer<CChar> {
  unsafe UnsafeRawPointer(string.utf8Start).assumingMemoryBound(to: CChar.self)
}
