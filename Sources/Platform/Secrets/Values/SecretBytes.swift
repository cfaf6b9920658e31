internal import Glibc

/// Bytes that must not be seen: they cannot be printed, reflected, encoded or hashed, and lie in `SecretMemory`, which is kept out of
/// swap and core dumps and wiped on release.
///
/// Copies of the value share the same bytes.
public struct SecretBytes: Sendable {
    private let storage: Storage

    /// Never written again after initialisation, hence safe to share.
    private final class Storage: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
        private let block: SecretMemory.Block

        init(count: Int) {
            block = SecretMemory.shared.allocate(count)
            bytes = UnsafeMutableRawBufferPointer(start: block.pointer, count: count)
        }

        deinit {
            SecretMemory.shared.release(block, count: bytes.count)
        }
    }

    /// Copies `bytes`; wiping the original is the caller's business.
    public init(copying bytes: some Collection<UInt8>) {
        storage = Storage(count: bytes.count)
        storage.bytes.copyBytes(from: bytes)
    }

    /// Takes `bytes` over: the original is wiped, unless another copy of the array is alive, which this cannot see.
    public init(taking bytes: inout [UInt8]) {
        self.init(copying: bytes)
        bytes.withUnsafeMutableBytes { Self.wipe($0) }
    }

    /// Overwrites bytes in a way that the optimiser leaves alone.
    public static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
        if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
    }

    /// Lets `fill` write the secret in place, so that no other copy of it comes to be.
    ///
    /// - Throws: what `fill` throws.
    public init(count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        storage = Storage(count: count)
        storage.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        try fill(storage.bytes)
    }

    public var count: Int { storage.bytes.count }

    /// Lends the bytes for the length of `body`. The pointer must not outlive it.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(storage) { try body(UnsafeRawBufferPointer(storage.bytes)) }
    }
}

extension SecretBytes: Equatable {
    /// Takes time that depends on the lengths only.
    public static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        guard left.count == right.count else { return false }
        return left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
            }
        }
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<secret>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
