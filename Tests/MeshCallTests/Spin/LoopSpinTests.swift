import Glibc
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import MeshCall

@Suite(.timeLimit(.minutes(1)))
struct LoopSpinTests {
    /// Two connected sockets, open as long as this lives.
    private final class Pair: Sendable {
        let near: CInt
        let far: CInt

        init() throws {
            var both: [CInt] = [0, 0]
            try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &both) == 0)
            (near, far) = (both[0], both[1])
        }

        deinit {
            close(near)
            close(far)
        }

        func sendByte() { _ = send(far, [1], 1, 0) }
    }

    private static let brief: Int64 = 1_000_000
    /// Much longer than what ends a spin takes, in nanoseconds.
    private static let endless: Int64 = 30_000_000_000
    /// What the policy makes of a spin in which somebody else took the core: such a one proves nothing and is tried again, so many times at most.
    private static let preempted: UInt32 = 1024
    private static let attempts: Int64 = 50

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// What becomes of the policy in a turn that the loop spins after, if it does.
    private func everyAfterTurn(of pairs: [Pair], longest: Int64, turns: Int = 1, _ before: @escaping @Sendable () -> Void = {}) async throws -> UInt32 {
        let loop = group.next(), spin = LoopExecutor.of(loop).spin
        var every = Self.preempted
        for attempt in 0..<Self.attempts where every == Self.preempted {
            try await loop.submit {
                // Another length makes a new policy.
                for pair in pairs { spin.add(pair.near, longest: longest + attempt) }
                before()
                for _ in 0..<turns { spin.turnEnded(on: loop) }
            }.get()
            every = try await loop.submit { spin.policy.every }.get()
            try await loop.submit { for pair in pairs { spin.remove(pair.near) } }.get()
        }
        return every
    }

    @Test("a spin in which nothing comes ends, and is known to have been in vain")
    func vain() async throws {
        #expect(try await everyAfterTurn(of: [Pair()], longest: Self.brief) == 2)
        try await group.shutdownGracefully()
    }

    @Test("bytes on any of the loop's connections end a spin")
    func bytes() async throws {
        let pairs = [try Pair(), try Pair()]
        #expect(try await everyAfterTurn(of: pairs, longest: Self.endless) { pairs[1].sendByte() } == 1)
        try await group.shutdownGracefully()
    }

    @Test("a task for the loop ends a spin")
    func task() async throws {
        let loop = group.next(), executor = LoopExecutor.of(loop), pair = try Pair()
        var every = Self.preempted
        for attempt in 0..<Self.attempts where every == Self.preempted {
            // Not the future of a submitted task: to ask that may itself be a task for the loop, and one that ends no spin.
            let begun = Signal()
            loop.execute {
                executor.spin.add(pair.near, longest: Self.endless + attempt)
                executor.spin.turnEnded(on: loop)
                begun.raise()
            }
            await begun.wait()
            let ran = await Task(executorPreference: executor) { loop.inEventLoop }.value
            #expect(ran)
            every = try await loop.submit { executor.spin.policy.every }.get()
            try await loop.submit { executor.spin.remove(pair.near) }.get()
        }
        // It did not end in vain, and so not by its length.
        #expect(every == 1)
        try await group.shutdownGracefully()
    }

    @Test("a loop with many connections, and one that several of them had something for, do not spin")
    func busy() async throws {
        #expect(try await everyAfterTurn(of: (0..<9).map { _ in try Pair() }, longest: Self.endless) == 1)
        #expect(try await everyAfterTurn(of: [Pair()], longest: Self.endless, turns: 2) == 1)
        try await group.shutdownGracefully()
    }

    @Test("a loop with a connection that has no socket does not spin")
    func unseen() async throws {
        // Held: only who uses a loop's executor keeps it.
        let executor = LoopExecutor.of(group.next())
        defer { withExtendedLifetime(executor) {} }
        try await group.next().submit { executor.spin.add(nil, longest: Self.endless) }.get()
        #expect(try await everyAfterTurn(of: [Pair()], longest: Self.endless) == 1)
        try await group.shutdownGracefully()
    }
}
