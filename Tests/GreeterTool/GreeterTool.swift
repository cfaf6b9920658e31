import GreeterAPI
import MeshTool

/// Lists, describes, calls and pings the greeter from a shell.
@main
struct GreeterTool: ServiceTool {
    static let services = [GreeterV1.greeterReflection]
}
