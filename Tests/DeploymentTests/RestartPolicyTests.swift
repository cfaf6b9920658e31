import Testing

@testable import Deployment

@Suite("Starting a process again")
struct RestartPolicyTests {
    @Test("The wait doubles up to a limit")
    func backoff() {
        var policy = RestartPolicy()
        let waits = (0..<8).map { _ in policy.decide(exitCode: nil, ranFor: .seconds(1)) }
        let milliseconds = [200, 400, 800, 1600, 3200, 6400, 10000, 10000]
        #expect(waits == milliseconds.map { .after(.milliseconds($0)) })
    }

    @Test("A run that lasted starts the waits over")
    func steady() {
        var policy = RestartPolicy()
        for _ in 0..<5 { _ = policy.decide(exitCode: 1, ranFor: .seconds(1)) }
        #expect(policy.decide(exitCode: 1, ranFor: .seconds(30)) == .after(.milliseconds(200)))
    }

    @Test("Wrong settings, identity or confinement are not tried again", arguments: [64, 71, 77])
    func hopeless(code: Int32) {
        var policy = RestartPolicy()
        #expect(policy.decide(exitCode: code, ranFor: .seconds(1)) == .never("exit code \(code)"))
    }
}
