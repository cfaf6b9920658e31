internal import NIOCore
internal import Synchronization

/// Carries a handler's reply out through a chain of interceptors.
final class Reply: Sendable {
    private let state = Mutex<ByteBuffer?>(nil)

    var bytes: ByteBuffer? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
