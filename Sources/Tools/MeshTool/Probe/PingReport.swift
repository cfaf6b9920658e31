import Foundation
package import MeshMessages

/// What `ping` says of one peer.
package struct PingReport {
    package let name: String
    package let address: String
    package let handshake: MeshProbe.Handshake
    package let times: [Duration]
    package let health: MeshV1.HealthCheckResponse

    package var isServing: Bool { health.status == .serving }

    package var text: String {
        let until = handshake.certificateEnds.map {
            ", certificate until \(Date(timeIntervalSince1970: TimeInterval($0)).formatted(.iso8601))"
        }
        return """
            \(name) at \(address): \(TerminalText.line(state))
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
