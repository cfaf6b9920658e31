internal import MeshCall
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Runs asynchronous work on an event loop which is the calling thread: no thread waits for another.
enum LoopWork {
    static func run(_ body: @escaping @Sendable (any EventLoop) async throws -> Int) throws -> Int {
        let outcome = Outcome()
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
            Task.immediate(executorPreference: LoopExecutor.of(loop)) {
                do {
                    outcome.set(.success(try await body(loop)))
                } catch {
                    outcome.set(.failure(error))
                }
                loop.shutdownGracefully { _ in }
            }
        }
        return try outcome.get()
    }

    private final class Outcome: Sendable {
        private let result = Mutex<Result<Int, any Error>>(.failure(WrongAnswer()))

        func set(_ new: Result<Int, any Error>) { result.withLock { $0 = new } }

        func get() throws -> Int { try result.withLock { $0 }.get() }
    }
}
