internal import MeshCall

/// Why a language model gave no answer, for the log: names neither key nor question, and quotes nothing that the server sent.
enum ModelFailure: Error, Equatable {
    /// There is none, or it was revoked.
    case noKey
    /// It was revoked before the first byte of an answer had come.
    case keyEnded
    /// 401 or 403.
    case keyRefused(status: UInt)
    /// 429; the wait that the server asks for, when it says one.
    case overLimit(retryAfter: Duration?)
    /// No answer could be begun: what kind of trouble.
    case unreachable(String)
    /// Any other status that is no answer.
    case refused(status: UInt)
    case redirected(status: UInt)
    /// The server took the connection and let a time pass.
    case tooSlow(String)
    /// What was larger than its limit.
    case tooLarge(String)
    /// What could not be read.
    case malformed(String)
    /// The answer ended in its middle.
    case brokenOff(String)
}

extension ModelFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .noKey: "no model key is usable: put one into the agent's secret store as \(ModelKey.storedName)"
        case .keyEnded: "the model key was revoked while a question waited"
        case .keyRefused(let status): "the model's server refuses our key (\(status))"
        case .overLimit(let wait): "the model's server says that we are over its limit (429\(wait.map { ", again after \($0)" } ?? ""))"
        case .unreachable(let why): "the model's server cannot be reached: \(why)"
        case .refused(let status): "the model's server answers with status \(status)"
        case .redirected(let status): "the model's server sends us elsewhere (\(status)), which is not followed"
        case .tooSlow(let what): "the model's server is too slow: \(what)"
        case .tooLarge(let what): "too large: \(what)"
        case .malformed(let what): "the model's server sends what cannot be read: \(what)"
        case .brokenOff(let why): "the model's answer ended in its middle: \(why)"
        }
    }
}

extension RPCError {
    /// As the person is told.
    init(_ failure: ModelFailure) {
        switch failure {
        case .noKey, .keyEnded: self.init(.failedPrecondition, "No model key is usable.", reason: "MODEL_KEY_MISSING", cause: failure)
        case .keyRefused: self.init(.failedPrecondition, "The model refused our key.", reason: "MODEL_KEY_REFUSED", cause: failure)
        case .overLimit(let wait):
            self.init(.resourceExhausted, "The model is over its limit.", reason: "MODEL_OVER_LIMIT", retryAfter: wait, cause: failure)
        case .unreachable, .refused, .redirected:
            self.init(.unavailable, "The model cannot be reached.", reason: "MODEL_UNREACHABLE", cause: failure)
        case .tooSlow: self.init(.deadlineExceeded, "The model took too long.", reason: "MODEL_TOO_SLOW", cause: failure)
        case .tooLarge: self.init(.resourceExhausted, "The model's answer is too long.", reason: "MODEL_ANSWER_TOO_LONG", cause: failure)
        case .malformed, .brokenOff: self.init(.unavailable, "The model's answer cannot be read.", reason: "MODEL_ANSWER_BROKEN", cause: failure)
        }
    }
}
