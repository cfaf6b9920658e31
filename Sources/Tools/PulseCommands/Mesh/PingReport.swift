import Deployment
import Foundation
import MeshCall
import MeshMessages
import ServiceKit

/// What `pulse mesh ping` says of one process.
struct PingReport {
    let name: ServiceName
    let endpoint: Endpoint
    let handshake: MeshProbe.Handshake
    let times: [Duration]
    let health: MeshV1.HealthCheckResponse

    var isServing: Bool { health.status == .serving }

    var text: String {
        let until = handshake.certificateEnds.map {
            ", certificate until \(Date(timeIntervalSince1970: TimeInterval($0)).formatted(.iso8601))"
        }
        return """
            \(name.rawValue) at \(endpoint): \(TerminalText.line(state))
              \(TerminalText.line(handshake.identity)) over \(handshake.protocolName)\(until ?? "")
              handshake \(Self.milliseconds(handshake.time)) ms\(Self.summary(times))
            """
    }

    private var state: String {
        switch health.status {
        case .serving: "serving"
        case .serviceUnknown: "does not know the service"
        default: "not serving\(health.reason.isEmpty ? "" : ": \(health.reason)")"
        }
    }

    /// Empty for none.
    static func summary(_ times: [Duration]) -> String {
        guard let least = times.min(), let most = times.max() else { return "" }
        let mean = times.reduce(.zero, +) / times.count
        return ", \(times.count) health checks: min \(milliseconds(least)) avg \(milliseconds(mean)) max \(milliseconds(most)) ms"
    }

    /// With three decimals.
    static func milliseconds(_ time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        return String(format: "%.3f", Double(seconds) * 1e3 + Double(attoseconds) / 1e15)
    }
}
