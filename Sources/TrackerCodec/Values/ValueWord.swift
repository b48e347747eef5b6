import TrackerModel

/// What holds the bits of one value in the low bits: `UInt32` of float32, `UInt64` of either type.
///
/// Kernels are written once for both.
protocol ValueWord: FixedWidthInteger, UnsignedInteger, BitwiseCopyable, Sendable {}

extension UInt32: ValueWord {}
extension UInt64: ValueWord {}
