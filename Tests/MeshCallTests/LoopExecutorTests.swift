import NIOCore
import NIOPosix
import Testing

@testable import MeshCall

@Suite("The executor of an event loop", .timeLimit(.minutes(1)))
struct LoopExecutorTests {
    @Test("A loop has one executor, whoever asks, also while others let go of it")
    func one() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        // The last reference goes on one thread while another asks: neither finds half an executor.
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<4 {
                tasks.addTask {
                    for _ in 0..<20_000 { #expect(LoopExecutor.of(loop) === LoopExecutor.of(loop)) }
                }
            }
        }
        #expect(await Task(executorPreference: LoopExecutor.of(loop)) { loop.inEventLoop }.value)
        try await group.shutdownGracefully()
    }

    @Test("Executors of loops that are gone are not kept")
    func gone() async throws {
        let before = LoopExecutor.knownCount
        for _ in 0..<30 {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            _ = LoopExecutor.of(group.next())
            try await group.shutdownGracefully()
        }
        #expect(LoopExecutor.knownCount <= before + 1)
    }
}
