import Foundation
import TestSupport
import Testing

/// The article's server and the article's tool, over real mutual TLS.
@Suite("A tool for services of one's own")
struct ToolTests {
    private let article: Article
    private let workplace: Workplace

    init() throws {
        article = try Article.read()
        workplace = try Workplace()
    }

    private static let helpers = """
        tool() { "$GREETER_TOOL" "$@"; }
        # as NAME VERB ARGUMENTS: what the tool printed and how it ended.
        as() {
            caller=$1; shift
            set +e
            # The method's own time would be short on a machine that does much else.
            [ "$1" != call ] || set -- "$@" --timeout 30
            tool "$@" --addr "$address" --peer spiffe://example.internal/${peer:-greeter} --cert pki/$caller.pem --key pki/$caller.key --ca pki/root.pem 2>&1
            echo "exit $?"
            set -e
        }
        """

    /// Runs `script` with the tool; where a server is wanted it listens at `$address`.
    private func run(_ script: String, server: Bool) async throws -> String {
        let serving = """
            mkfifo printed
            "$FIRST_SERVICE" serve 0 > printed 2> log.txt &
            server=$!
            trap 'kill $server' EXIT
            exec 3< printed
            read -r line <&3
            address=127.0.0.1:${line##* }

            """
        let certificates = try await workplace.run(try #require(article.commands(with: "openssl req")))
        try #require(certificates.succeeded, "\(certificates.text)")
        let run = try await workplace.run(
            Self.helpers + "\n" + (server ? serving : "") + script,
            environment: ["FIRST_SERVICE": try BuiltProgram.named("FirstService").path, "GREETER_TOOL": try BuiltProgram.named("GreeterTool").path])
        try #require(run.succeeded, "\(run.text)")
        return String(decoding: run.output, as: UTF8.self)
    }

    @Test("It lists and describes its services and the library's own without anybody to connect to")
    func offline() async throws {
        let text = try await run(
            """
            tool list
            tool list Health
            tool describe Greeter
            tool describe Greeter/SayHello
            tool describe greeter.v1.HelloReply
            """, server: false)
        #expect(
            text == """
                greeter.v1.Greeter
                mesh.v1.Health
                mesh.v1.Health/Check
                mesh.v1.Health/Watch
                service greeter.v1.Greeter {
                  rpc SayHello(greeter.v1.HelloRequest) returns (greeter.v1.HelloReply);
                  rpc CountDown(greeter.v1.CountDownRequest) returns (stream greeter.v1.CountDownReply);
                  rpc GreetAll(stream greeter.v1.HelloRequest) returns (greeter.v1.HelloReply);
                  rpc Converse(stream greeter.v1.HelloRequest) returns (stream greeter.v1.HelloReply);
                }
                rpc SayHello(greeter.v1.HelloRequest) returns (greeter.v1.HelloReply);
                  callers: visitor
                  without a user: visitor
                  idempotency: readOnly
                  default deadline: 2.0 seconds

                message greeter.v1.HelloRequest {
                  string name = 1;
                }

                message greeter.v1.HelloReply {
                  string message = 1;
                }

                GreeterTool call greeter.v1.Greeter/SayHello '{"name":""}' --addr HOST:PORT --peer SPIFFE-ID --cert FILE --key FILE --ca FILE
                message greeter.v1.HelloReply {
                  string message = 1;
                }

                """)
    }

    @Test("It calls methods of every kind; JSON values come from the arguments or from standard input")
    func calls() async throws {
        let text = try await run(
            """
            as visitor call Greeter/SayHello '{"name":"Ada"}'
            as visitor call Greeter/CountDown '{"from":2}'
            printf '{"name":"Ada"}{\\n"name":\\n"Grace"}' | as visitor call Greeter/GreetAll
            as visitor call Greeter/Converse '{"name":"a"}' '{"name":"b"}'
            as visitor call Health/Check --indent
            """, server: true)
        #expect(
            text == """
                {"message":"Hello, Ada! visitor sent you."}
                exit 0
                {"left":2}
                {"left":1}
                exit 0
                {"message":"Hello, Ada and Grace!"}
                exit 0
                {"message":"Hello, a! visitor sent you."}
                {"message":"Hello, b! visitor sent you."}
                exit 0
                {
                  "status": "SERVING_STATUS_SERVING"
                }
                exit 0

                """)
    }

    @Test("An error that nobody takes leaves the exit code as it is; help and answers that nobody takes are errors")
    func nobodyListens() async throws {
        let text = try await run(
            """
            tool describe nope 2> /dev/full || echo "exit $?"
            tool --help > /dev/full 2>&1 || echo "exit $?"
            tool list > /dev/full 2>&- || echo "exit $?"
            """, server: false)
        #expect(text == "exit 64\nexit 1\nexit 1\n")
    }

    @Test("It pings with the server's identity, asks for one service or the whole server, and fails unless that serves")
    func pings() async throws {
        let text = try await run("as visitor ping -n 2; as visitor ping Greeter -n 1; as visitor ping Health -n 1; as visitor ping Greter", server: true)
        // The article's server tells of itself as a whole only.
        #expect(text.components(separatedBy: "\nexit 0\n").count == 3, "\(text)")
        #expect(text.contains(": does not know the service\n") && text.contains("\ngreeter does not serve\nexit 1\n"), "\(text)")
        #expect(text.contains(#/greeter at 127\.0\.0\.1:\d+: serving\n {2}spiffe://example\.internal/greeter over cryptopulse-mesh/1, certificate until 2/#))
        #expect(text.contains(", 2 health checks: min ") && text.hasSuffix("exit 64\n") && text.contains("did you mean greeter.v1.Greeter?"), "\(text)")
    }

    @Test("A refusal says who called and who may; another server than the one that was meant is not called; nobody there is said so")
    func failures() async throws {
        let text = try await run(
            """
            as stranger call Greeter/SayHello '{"name":"Eve"}'
            as visitor call Greeter/SayHello '{}'
            as visitor call Greeter/SayHelo
            peer=visitor as visitor call Greeter/SayHello '{"name":"Ada"}'
            peer=visitor as visitor ping
            as nobody ping
            kill $server
            wait $server
            trap - EXIT
            as visitor call Greeter/SayHello '{"name":"Ada"}'
            as visitor ping
            """, server: true)
        let expected = [
            "PERMISSION_DENIED (CALLER_NOT_ALLOWED): stranger may not call /greeter.v1.Greeter/SayHello.\n"
                + "you call as stranger; the policy of /greeter.v1.Greeter/SayHello lets visitor call it\nexit 1\n",
            "INVALID_ARGUMENT (NAME_MISSING): Whom shall I greet?\nexit 1\n",
            "no method of greeter.v1.Greeter is called SayHelo; did you mean SayHello?\nexit 64\n",
        ]
        #expect(text.hasPrefix(expected.joined()), "\(text)")
        let rest = text.dropFirst(expected.joined().count).split(separator: "exit ")
        try #require(rest.count == 6, "\(text)")
        #expect(rest[0].hasPrefix("UNAVAILABLE") && rest[1].hasPrefix("1\nvisitor at 127.0.0.1:"), "\(text)")
        #expect(rest[2].contains("pki/nobody.pem") && rest[3].hasPrefix("64\nUNAVAILABLE"), "\(text)")
        #expect(rest[4].hasPrefix("1\ngreeter at 127.0.0.1:") && rest[5] == "1\n", "\(text)")
    }
}
