import ArgumentParser
import MeshTool

struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "chat", abstract: "Says something to the assistant.")

    @OptionGroup var state: StateOptions
    @Argument(help: "What to say: \"how is BTC doing this week?\"")
    var words: [String]

    func run() async throws {
        try await state.withPerson { person in
            let proposals = try await ChatPrinter.print(person.chat(words.joined(separator: " ")))
            for id in proposals {
                print("\nA proposal waits for you:\n")
                print(try await ProposalText(person.proposal(id)).text)
                print("\nTo sign it: pulse sign \(id)")
            }
        }
    }
}

/// Shows a chat answer as it comes.
enum ChatPrinter {
    /// - Returns: ids of the proposals that were made.
    static func print(_ lines: AsyncThrowingStream<ChatLine, any Error>, indent: String = "") async throws -> [String] {
        var proposals: [String] = []
        var atLineStart = true
        for try await line in lines {
            if let text = line.text {
                Terminal.stream((atLineStart ? indent : "") + text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n\(indent)"))
                atLineStart = false
            }
            if let tool = line.tool {
                Terminal.stream("\(atLineStart ? "" : "\n")\(indent)[\(TerminalText.line("\(tool.name): \(tool.summary)"))]\n")
                atLineStart = true
            }
            if let proposal = line.proposal { proposals.append(proposal.proposalId) }
            if let error = line.error { throw GatewayError(status: 200, body: error) }
        }
        Terminal.stream(atLineStart ? "" : "\n")
        return proposals
    }
}
