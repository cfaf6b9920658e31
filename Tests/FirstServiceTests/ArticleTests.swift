import Foundation
import TestSupport
import Testing

@Suite("The article \"Your first service\"")
struct ArticleTests {
    private let article: Article
    private let workplace: Workplace

    init() throws {
        article = try Article.read()
        workplace = try Workplace()
    }

    /// Where this repository has what the reader has under `path`.
    private func place(_ path: String) -> String {
        path.hasPrefix("Sources/") ? "Tests/" + path.dropFirst("Sources/".count) : path
    }

    private func committed(_ path: String) throws -> String {
        try String(contentsOf: Article.root.appending(path: place(path)), encoding: .utf8)
    }

    /// `swift run` would wait for this build's lock.
    private func built(_ command: String) throws -> String {
        command.replacingOccurrences(of: "swift run GreeterTool", with: "'\(try BuiltProgram.named("GreeterTool").path)'")
    }

    @Test("Every file that it shows is the one that is built here, and it shows all of them")
    func files() throws {
        let shown = article.files.compactMap(\.path).filter { $0 != "Package.swift" }
        for path in shown { #expect(article.file(path) == (try committed(path)), "\(path)") }
        let sources = try ["FirstService", "GreeterTool"].flatMap { target in
            try FileManager.default.contentsOfDirectory(atPath: Article.root.appending(path: "Tests/\(target)").path)
                .filter { $0.hasSuffix(".swift") }.map { "Sources/\(target)/\($0)" }
        }
        let protos = ["proto/greeter/v1/greeter.proto", "proto/greeter/v1/greeter_service.proto"]
        #expect(Set(shown) == Set(sources + protos))
        #expect(sources.count == 5)
    }

    @Test("Its manifest is one, with the product and the targets that the files need")
    func manifest() async throws {
        try workplace.write(try #require(article.file("Package.swift")), to: "Package.swift")
        let scratch = FileManager.default.temporaryDirectory.appending(path: "manifest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let dump = try await ProgramRun.of("swift", ["package", "--scratch-path", scratch.path, "dump-package"], in: workplace.folder)
        #expect(dump.succeeded, "\(dump.text)")
        for name in ["CGreeter", "GreeterAPI", "FirstService", "GreeterTool", "Mesh", "MeshTool", "Logging", "NIOPosix"] { #expect(dump.text.contains("\"\(name)\""), "\(name)") }
    }

    @Test("Its commands generate what is committed here")
    func generation() async throws {
        for path in ["proto/greeter/v1/greeter.proto", "proto/greeter/v1/greeter_service.proto"] {
            try workplace.write(try #require(article.file(path)), to: path)
        }
        // The plugin has been built: it is this build's.
        let commands = try #require(article.commands(with: "protoc-c -I")).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(commands.filter { $0.hasPrefix("swift build") }.count == 1)
        let run = try await workplace.run(commands.filter { !$0.hasPrefix("swift build") }.joined(separator: "\n"))
        try #require(run.succeeded, "\(run.text)")
        for folder in ["Sources/CGreeter", "Sources/GreeterAPI/Generated"] {
            let made = try workplace.files(below: folder)
            let kept = try FileManager.default.subpathsOfDirectory(atPath: Article.root.appending(path: place(folder)).path).filter { $0.contains(".") }
            #expect(made == kept.sorted() && !made.isEmpty)
            for file in made { #expect(try workplace.text("\(folder)/\(file)") == committed("\(folder)/\(file)"), "\(file)") }
        }
    }

    @Test("Its certificates, its server and its clients do what it says, over real mutual TLS")
    func running() async throws {
        let toolCall = try #require(article.commands(with: "swift run GreeterTool")).trimmingCharacters(in: .newlines)
        let certificates = try await workplace.run(try #require(article.commands(with: "openssl req")))
        try #require(certificates.succeeded, "\(certificates.text)")
        // A free port instead of the article's, and the server's first line as the sign that it listens.
        let run = try await workplace.run(
            """
            mkfifo printed
            "$FIRST_SERVICE" serve 0 > printed &
            server=$!
            trap 'kill $server' EXIT
            exec 3< printed
            read -r line <&3
            echo "$line" > serve.txt
            for name in visitor stranger; do "$FIRST_SERVICE" visit "${line##* }" $name > $name.txt; done
            eval "${TOOL_CALL//7443/${line##* }}" > tool.txt
            trap - EXIT
            kill $server
            wait $server
            cat <&3 >> serve.txt
            """, environment: ["FIRST_SERVICE": try BuiltProgram.named("FirstService").path, "TOOL_CALL": try built(toolCall)])
        try #require(run.succeeded, "\(run.text)")
        #expect(run.errors.contains("call refused"), "the refusal is logged: \(run.errors)")
        for name in ["visitor", "stranger"] {
            let shown = try #require(article.output(of: "swift run FirstService visit 7443 \(name)"))
            #expect(try workplace.text("\(name).txt") == shown)
        }
        #expect(try workplace.text("tool.txt") == article.output(of: toolCall))
        let shown = try #require(article.output(of: "swift run FirstService serve 7443"))
        let printed = try workplace.text("serve.txt")
        #expect(printed.replacing(/port \d+/, with: "port 7443") == shown + "greeter has stopped\n")
    }
}
