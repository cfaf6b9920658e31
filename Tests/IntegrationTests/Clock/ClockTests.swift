import Deployment
import Foundation
import KeyManagement
import LocalMesh
import ServiceAPI
import TestSupport
import Testing

extension Integration {
    /// The real processes under a wall clock that is set forward, six hours at a time.
    ///
    /// All 91 days take ten minutes; without `CRYPTOPULSE_CLOCK_DAYS=91` the machine is off from day 6 to day 74, where nothing is due.
    @Suite("As time goes", .enabled(if: LocalClock.isAvailable || ProcessInfo.processInfo.environment["CI"] == "true", "SKIP: libfaketime is not installed"))
    struct ClockTests {
        private static let isWhole = ProcessInfo.processInfo.environment["CRYPTOPULSE_CLOCK_DAYS"].flatMap { Int($0) }.map { $0 >= 91 } ?? false
        /// On the day after the alert these two are used no more.
        private static let schedules = KeySchedules([.meshIssuing: KeySchedule(refuseAfterDays: 91), .exchangeTrade: KeySchedule(refuseAfterDays: 91)])

        @Test("Six hours at a time certificates renew by themselves; after days switched off all enrol anew; day 80 warns, day 90 alerts, day 91 refuses")
        func ninetyOneDays() async throws {
            try await AlertReceiver.with { receiver in
                let clock = try LocalClock()
                try await LocalMesh.with(keys: Self.schedules, alerts: .init(webhook: receiver.url), clock: clock) { mesh in
                    let scene = try await ClockScene(mesh, clock)
                    let keys = try await scene.agingKeys()
                    #expect(keys.mapValues(\.count) == [.auth: 3, .execution: 2, .marketData: 2, .audit: 1])
                    try await firstDays(scene)
                    if !Self.isWhole { try await scene.jump(toDay: 74) }
                    try await toDay80(scene, keys)
                    try await toDay90(scene, keys, receiver)
                    try await day91(scene, receiver)
                }
            }
        }

        /// Three days as they go, and three switched off.
        private func firstDays(_ scene: ClockScene) async throws {
            try await scene.walk(toDay: 3)
            for name in ClockScene.members where name != .auth {
                #expect(scene.certificates(of: name, by: "enrolment") == 1, "\(name)")
                #expect(scene.certificates(of: name, by: "renewal") >= 3, "\(name)")
            }
            try await scene.ping()
            try await scene.jump(toDay: 6)
            try await scene.ping()
        }

        private func toDay80(_ scene: ClockScene, _ keys: [ServiceName: Set<String>]) async throws {
            let (started, first) = (ContinuousClock.now, scene.clock.offset / 86400)
            let before = Dictionary(uniqueKeysWithValues: ClockScene.members.map { ($0, scene.certificates(of: $0, by: "renewal")) })
            let enrolled = scene.enrolments
            try await scene.walk(toDay: 79, hour: 18)
            // Each process has looked at its keys meanwhile, and found nothing to tell.
            #expect(ContinuousClock.now - started > KeyWatch.usualInterval)
            #expect(try scene.audited("keys.nearly_due").isEmpty && scene.audited("keys.overdue").isEmpty)
            for name in keys.keys { #expect(scene.count("is to be rotated soon", in: name) == 0, "\(name)") }
            for name in ClockScene.members where name != .auth {
                #expect(scene.certificates(of: name, by: "renewal") - (before[name] ?? 0) >= Int(79 - first), "\(name)")
            }
            #expect(scene.enrolments == enrolled, "nobody had to enrol anew")

            try await scene.walk(toDay: 80)
            try await told("keys.nearly_due", "a key is to be rotated soon", scene, keys) { ["days_left": "10"] == $0 }
        }

        private func toDay90(_ scene: ClockScene, _ keys: [ServiceName: Set<String>], _ receiver: AlertReceiver) async throws {
            try await scene.walk(toDay: 89, hour: 18)
            #expect(try scene.audited("keys.overdue").isEmpty)
            for name in keys.keys { #expect(scene.count("is overdue", in: name) == 0, "\(name)") }
            try await scene.walk(toDay: 90)
            try await told("keys.overdue", "a key is overdue for rotation", scene, keys) { ["days": "90"] == $0 }
            let all = keys.values.reduce(into: Set()) { $0.formUnion($1) }
            for (action, severity) in [("keys.nearly_due", "warning"), ("keys.overdue", "critical")] {
                try await eventually("the receiver of alerts has each of \(action)") {
                    let posts = receiver.posts.filter { $0.text("action") == action && $0.text("severity") == severity && !$0.signature.isEmpty }
                    return Set(posts.map { $0.text("object") }) == all
                }
            }
            // Old as they are, the keys are used: a person trades.
            try await scene.person.login(scene)
            try await scene.person.order(scene, until: "FILLED")
            let due = try await scene.operate(["keys", "due"])
            #expect(due.exitCode == 1 && all.allSatisfy(due.text.contains), "\(due.text)")
        }

        /// Each process tells of its own keys in its log, and audit has each.
        private func told(
            _ action: String, _ line: String, _ scene: ClockScene, _ keys: [ServiceName: Set<String>], details: ([String: String]) -> Bool
        ) async throws {
            for (name, keys) in keys {
                let kinds = keys.compactMap { $0.split(separator: "/").first }
                do {
                    // By its kind: the redactor takes some ids for secrets.
                    try await eventually("\(name.rawValue) says: \(line)") {
                        kinds.allSatisfy { scene.count(line, in: name, with: #""kind":"\#($0)""#) >= 1 }
                    }
                } catch {
                    print(scene.mesh.log(of: name))
                    throw error
                }
                try await eventually("audit has it of \(name.rawValue)") {
                    let audited = try scene.audited(action)
                    return keys.allSatisfy { key in
                        guard let record = audited[key], record.source == name.rawValue, record.reason == "age" else { return false }
                        return details(Dictionary(record.details.map { ($0.name, $0.value) }) { $1 })
                    }
                }
            }
        }

        private func day91(_ scene: ClockScene, _ receiver: AlertReceiver) async throws {
            try await scene.walk(toDay: 90, hour: 18)
            // From here on nobody gets another certificate, whose time may have come just now.
            try scene.clock.advance(by: .seconds(6 * 3600))
            try await eventually("what is refused is told of") {
                let refused = try scene.audited("keys.refused").keys
                return refused.count == 2 && refused.contains("mesh-issuing/1") && refused.contains { $0.hasPrefix("exchange-trade/") }
                    && receiver.posts.count { $0.text("action") == "keys.refused" && $0.text("severity") == "critical" } >= 2
            }
            try await scene.person.login(scene)
            try await scene.person.order(scene, until: "91 days old")
            // Half a day later everybody asks for another certificate, and nobody gets one.
            try scene.clock.advance(by: .seconds(13 * 3600))
            for name in ClockScene.members where name != .auth {
                try await eventually("\(name.rawValue) is refused a certificate") {
                    scene.count("no new mesh certificate", in: name, with: "NO_ISSUING_KEY") >= 1
                }
            }
            #expect(try !scene.isFresh)

            // The operator is let in for what ends it.
            try await eventually(within: .seconds(60), "the operator rotates the key") {
                let rotated = try await scene.operate(["keys", "rotate", "auth/mesh-issuing", "--reason", "91 days"])
                if rotated.exitCode != 0 { print(rotated.text) }
                return rotated.exitCode == 0
            }
            try await eventually(within: .seconds(90), "everybody has a certificate by the new key") { try scene.isFresh }
            // A session does not last half a day.
            try await scene.person.login(scene)
            try await eventually("the person links another key") { try await scene.pulse(["exchange", "link", "--only", "trade"]).exitCode == 0 }
            try await scene.person.order(scene, until: "FILLED")
            try await scene.ping()
        }
    }
}
