import Foundation
import Testing

@Suite("The README is true")
struct ReadmeTests {
    /// The lines a reader would type: those of ```sh blocks, comments and continuations left out.
    static func commands(in text: String) -> [String] {
        var inside = false
        var found: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                inside = line == "```sh"
            } else if inside, !line.isEmpty, !line.hasPrefix("#") {
                found.append(String(line))
            }
        }
        return found
    }

    /// Why a command could not work in this checkout.
    static func problems(with command: String, subcommands: Set<String>) -> [String] {
        let separated = ["&&", ";", "|"].reduce(command) { $0.replacingOccurrences(of: " \($1) ", with: "\n") }
        return separated.split(separator: "\n").flatMap { part -> [String] in
            let words = part.split(separator: " ").map(String.init).drop { $0.contains("=") }
            guard let program = words.first else { return [] }
            var why: [String] = []
            if program.contains("/"), !Repository.here.isExecutable(program) { why.append("\(program) is no program here") }
            if program == "compose/pulse", let verb = words.dropFirst().first, !verb.hasPrefix("-"), !subcommands.contains(verb) {
                why.append("pulse has no command \(verb)")
            }
            return why
        }
    }

    /// Every `commandName:` that the CLI declares.
    static func subcommands() async throws -> Set<String> {
        Set(try await Repository.here.sources(below: "Sources/Tools/PulseCommands").flatMap { file in
            file.text.matches(of: /commandName: "([\w-]+)"/).map { String($0.1) }
        })
    }

    @Test("Every command it shows exists")
    func commandsExist() async throws {
        let commands = Self.commands(in: try Repository.here.text("README.md"))
        #expect(commands.contains { $0.contains("compose/up") } && commands.contains { $0.contains("compose/test") })
        let subcommands = try await Self.subcommands()
        let found = commands.flatMap { Self.problems(with: $0, subcommands: subcommands) }
        #expect(found.isEmpty, "\(found)")
    }

    @Test("A command that does not exist is found")
    func missingCommandIsFound() throws {
        #expect(!Self.problems(with: "compose/nothing --detach", subcommands: []).isEmpty)
        #expect(!Self.problems(with: "compose/up && compose/pulse juggle", subcommands: ["demo"]).isEmpty)
        #expect(Self.commands(in: "```sh\n# why\ncompose/up\n```\ncompose/no\n") == ["compose/up"])
    }

    private static func unmapped(_ names: [String], in readme: String) -> [String] {
        names.filter { !readme.contains($0) }.sorted()
    }

    @Test("Every room is mapped")
    func roomsAreMapped() throws {
        let readme = try Repository.here.text("README.md")
        let rooms = Manifest(text: try Repository.here.text("Package.swift")).targets.values.filter { $0.room != "Tests" }.map(\.name)
        #expect(Self.unmapped(rooms, in: readme) == [])
        #expect(Self.unmapped(rooms + ["NewRoom"], in: readme) == ["NewRoom"])
    }

    @Test("It says how to run it, what came of it, where things are, what it promises and where that ends")
    func headings() throws {
        let readme = try Repository.here.text("README.md")
        #expect(readme.contains("compose/up --detach && compose/pulse demo"))
        #expect(readme.contains("the order is filled and its audit record proven"))
        for heading in ["Run it", "See it work", "Where a request goes", "I want to change…", "Promises", "Threat model"] {
            #expect(readme.contains("\n## \(heading)"), "\(heading)")
        }
    }
}
