import Testing

extension Integration {
    /// Three environments times three, for everything that an environment has of its own.
    @Suite("Nothing of one environment is accepted by another", .timeLimit(.minutes(3)))
    struct EnvironmentTests {
        static let environments = ["development", "staging", "production"]

        /// What belongs to `owner` is brought to `host`.
        struct Meeting: Sendable, CustomTestStringConvertible {
            let owner: String
            let host: String

            var testDescription: String { "\(owner)'s in \(host)" }

            static let all = environments.flatMap { owner in environments.map { Meeting(owner: owner, host: $0) } }
        }

        @Test("Its own is accepted; another's is refused, and the refusal names both", arguments: Surface.allCases.filter(\.isExpected), Meeting.all)
        func matrix(_ surface: Surface, _ meeting: Meeting) async throws {
            let refusal = try await surface.refusal(of: meeting.owner, in: meeting.host)
            guard meeting.owner != meeting.host else {
                #expect(refusal == nil, "\(surface) refuses its own: \(refusal ?? "")")
                return
            }
            let text = try #require(refusal, "\(surface) accepts \(meeting.testDescription)")
            #expect(text.contains(meeting.host), "\(text)")
            #expect(text.contains(surface.name(of: meeting.owner)), "\(text)")
        }
    }
}
