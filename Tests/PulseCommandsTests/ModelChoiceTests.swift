import ArgumentParser
import Deployment
import Testing

@testable import PulseCommands

@Suite("Choosing a language model")
struct ModelChoiceTests {
    private func options(_ arguments: [String], over present: DeploymentOptions? = nil) throws -> DeploymentOptions.Model? {
        try DeploymentChoices.parse(arguments).apply(to: present ?? DeploymentOptions()).model
    }

    @Test("Address and name are kept until others are given, or the built-in model is chosen")
    func choices() throws {
        let chosen = try options(["--model", "https://api.example.com/v1", "--model-name", "m-1", "--model-roots", "/roots.pem"])
        #expect(chosen == .init(baseURL: "https://api.example.com/v1", name: "m-1", rootsPath: "/roots.pem"))
        let present = DeploymentOptions(model: chosen)
        #expect(try options([], over: present) == chosen)
        #expect(try options(["--model-name", "m-2"], over: present) == .init(baseURL: "https://api.example.com/v1", name: "m-2", rootsPath: "/roots.pem"))
        #expect(try options(["--model", "https://other.example.com"], over: present) == .init(baseURL: "https://other.example.com", name: "m-1"))
        #expect(try options(["--model", "built-in"], over: present) == nil)
    }

    @Test("Half a choice, or one that would send prompts in plain text, is refused", arguments: [
        ["--model", "https://api.example.com/v1"], ["--model-name", "m"], ["--model-roots", "/roots.pem"],
        ["--model", "http://api.example.com/v1", "--model-name", "m"], ["--model", "built-in", "--model-name", "m"],
    ])
    func refusals(arguments: [String]) {
        #expect(throws: CommandError.self) { try options(arguments) }
    }
}
