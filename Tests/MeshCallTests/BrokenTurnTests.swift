import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import TestSupport
import Testing

@Suite("A read turn that a connection's end cuts off", .timeLimit(.minutes(1)))
struct BrokenTurnTests {
    @Test("what came in it keeps nobody from letting go of the connection")
    func letGo() async throws {
        let method = MethodImplementation(
            TestService.descriptor("Collect", .clientStreaming),
            .clientStreaming { _, _ in
                await untilCancelled()
                return ByteBuffer()
            })
        let link = WireLink([method], mode: .mesh)
        let request = try MeshV1.Request(service: TestService.name, method: "Collect", timeoutNano: 60_000_000_000).packed()
        link.write(ControlFrame.settings(.default).encoded)
        link.breakOff(
            after: FrameHeader(length: UInt32(request.count), streamID: 1, type: .request, flags: .remoteOpen).with(request)
                + FrameHeader(length: 3, streamID: 1, type: .data).with([1, 2, 3]))
        while try await link.isHeld() { await Task.yield() }
    }
}
