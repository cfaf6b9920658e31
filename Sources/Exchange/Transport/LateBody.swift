import NIOCore

/// A request's body that is handed over when the connection stands and the request's head is on its way, if a last look lets it.
///
/// Its length is announced before: a server that has not had all of it does not carry the request out.
struct LateBody: AsyncSequence, Sendable {
    let bytes: ByteBuffer
    let lastLook: (@Sendable () async throws -> Void)?

    func makeAsyncIterator() -> Iterator { Iterator(bytes: bytes, lastLook: lastLook) }

    struct Iterator: AsyncIteratorProtocol {
        private var bytes: ByteBuffer?
        private let lastLook: (@Sendable () async throws -> Void)?

        fileprivate init(bytes: ByteBuffer, lastLook: (@Sendable () async throws -> Void)?) {
            self.bytes = bytes
            self.lastLook = lastLook
        }

        /// - Throws: `HTTPTransport.Failure` withheld.
        mutating func next() async throws -> ByteBuffer? {
            guard let bytes else { return nil }
            self.bytes = nil
            do {
                try await lastLook?()
            } catch {
                throw HTTPTransport.Failure.withheld
            }
            return bytes
        }
    }
}
