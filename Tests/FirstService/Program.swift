import MeshTLS

/// `FirstService serve PORT`, or `FirstService visit PORT NAME` to come with the certificate of that name.
@main
struct Program {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let verb = arguments.first, let port = arguments.dropFirst().first.flatMap({ Int($0) }) else {
            return print("FirstService serve PORT | visit PORT NAME")
        }
        if verb == "serve" {
            try await serve(port: port)
        } else {
            try await visit(port: port, as: arguments.last ?? "visitor")
        }
    }
}

/// Both sides show a certificate of this trust domain; another's is a stranger's.
let trustDomain = "example.internal"

extension MeshTLSCredentials {
    static func named(_ name: String) -> MeshTLSCredentials {
        MeshTLSCredentials(certificateChainPath: "pki/\(name).pem", privateKeyPath: "pki/\(name).key", trustRootsPath: "pki/root.pem")
    }
}
