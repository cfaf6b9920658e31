import Dispatch
import Glibc
import GreeterAPI
import Logging
import MeshCall
import MeshRuntime
import MeshTLS
import MeshTelemetry
import NIOPosix

/// Serves until SIGTERM, then lets the calls in flight finish.
func serve(port: Int) async throws {
    let health = HealthService()
    let server = MeshServer(
        services: [.greeter(Greeter()), .health(health, callers: ["visitor"])], authenticator: nil, interceptors: [ServerTelemetry()],
        tls: try MeshTLSContext.meshServer(.named("greeter"), trustDomain: trustDomain),
        eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "greeter"))
    let port = try await server.start(host: "127.0.0.1", port: port)
    print("greeter listens on port \(port)")
    fflush(nil)
    await untilToldToStop()
    health.stop()
    await server.shutdown(grace: .seconds(5))
    print("greeter has stopped")
}

private func untilToldToStop() async {
    signal(SIGTERM, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGTERM)
    await withCheckedContinuation { stopped in
        source.setEventHandler { stopped.resume() }
        source.resume()
    }
    source.cancel()
}
