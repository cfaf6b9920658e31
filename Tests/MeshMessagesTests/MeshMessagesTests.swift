import MeshMessages
import Testing

@Suite("Messages")
struct MeshMessagesTests {
    @Test("A message packs and unpacks to itself")
    func roundTrip() throws {
        let request = MeshV1.Request(
            service: "a.B", method: "C", payload: [0, 1, 255], timeoutNano: -1, metadata: [.init(key: "k", value: "wörld")])
        #expect(try MeshV1.Request(packed: request.packed()) == request)
    }
}
