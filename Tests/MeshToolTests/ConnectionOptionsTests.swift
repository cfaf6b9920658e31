import MeshTLS
import Testing

@testable import MeshTool

@Suite("Where a peer is")
struct ConnectionOptionsTests {
    @Test("A host and a port; addresses of IPv6 in brackets")
    func addresses() throws {
        let cases = [("127.0.0.1:7443", "127.0.0.1", 7443), ("mesh.example:1", "mesh.example", 1), ("[::1]:65535", "::1", 65535)]
        for (text, host, port) in cases {
            let address = try #require(PeerAddress(argument: text))
            #expect(address.host == host && address.port == port)
        }
    }

    @Test("What is none", arguments: ["", "host", "host:", ":1", "host:0", "host:65536", "host:x", "::1:7443", "[::1]", "[host]:1", "[]:1"])
    func noAddress(text: String) {
        #expect(PeerAddress(argument: text) == nil)
    }

    @Test("A peer is named by its whole SPIFFE id")
    func names() {
        #expect(PeerName(argument: "spiffe://example.internal/greeter")?.identity.name == "greeter")
        for text in ["greeter", "spiffe://example.internal", "https://example.internal/greeter", ""] { #expect(PeerName(argument: text) == nil) }
    }
}
