internal import Foundation

/// One event of a streamed answer, `chat.completion.chunk`. What is not looked at is left out.
struct CompletionsChunk: Decodable, Equatable {
    struct Choice: Decodable, Equatable {
        /// Absent where there is only one.
        var index: Int?
        var delta: Delta?
        var finish_reason: String?
    }

    struct Delta: Decodable, Equatable {
        var content: String?
        var tool_calls: [Call]?
    }

    struct Call: Decodable, Equatable {
        var index: Int
        /// In the call's first delta only.
        var id: String?
        var function: Function?
    }

    struct Function: Decodable, Equatable {
        /// In the call's first delta only.
        var name: String?
        /// More of the arguments.
        var arguments: String?
    }

    /// Empty in an event that only says what the answer cost.
    var choices: [Choice]

    /// The data that ends a stream.
    static let end = Array("[DONE]".utf8)

    /// - Throws: `ModelFailure.malformed`; also for the object that tells of an error in the middle of a stream.
    init(_ data: [UInt8]) throws(ModelFailure) {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(data))
        } catch {
            throw .malformed("an event is no chunk of an answer")
        }
    }
}
