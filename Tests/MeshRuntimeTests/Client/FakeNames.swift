import Dispatch
import Synchronization

@testable import MeshRuntime

/// Names as the system's resolver would know them; a test says what becomes of each.
final class FakeNames: Sendable {
    enum Answer: Sendable {
        case success([String])
        /// A code of `getaddrinfo`.
        case failure(Int32)
    }

    private struct State {
        var answers: [String: Answer]
        var lookups: [String: Int] = [:]
        /// Whoever looks the name up waits here, on its thread, as in `getaddrinfo`.
        var hanging: [String: DispatchSemaphore] = [:]
    }

    private let state: Mutex<State>

    init(_ answers: [String: [String]]) {
        state = Mutex(State(answers: answers.mapValues(Answer.success)))
    }

    func set(_ host: String, _ answer: Answer) {
        state.withLock { $0.answers[host] = answer }
    }

    func hang(_ host: String) {
        state.withLock { $0.hanging[host] = DispatchSemaphore(value: 0) }
    }

    /// - Parameter answers: the last stands from now on.
    func letGo(_ host: String, _ answers: [Answer]) {
        state.withLock { state in
            if let answer = answers.last { state.answers[host] = answer }
            state.hanging.removeValue(forKey: host)?.signal()
        }
    }

    func lookups(_ host: String) -> Int { state.withLock { $0.lookups[host] ?? 0 } }

    var lookUp: NameLookups.LookUp {
        { [self] (host: String) throws(ResolutionFailed) -> [String] in
            let gate = state.withLock { state in
                state.lookups[host, default: 0] += 1
                return state.hanging[host]
            }
            gate?.wait()
            switch state.withLock({ $0.answers[host] }) ?? .success([]) {
            case .success(let addresses): return addresses
            case .failure(let code): throw SystemNames.failure(host, code)
            }
        }
    }
}
