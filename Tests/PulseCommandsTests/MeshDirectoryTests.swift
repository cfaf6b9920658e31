import Deployment
import MeshCall
import MeshMessages
import MeshTool
import ServiceAPI
import Testing

@testable import PulseCommands

@Suite("What pulse knows of the mesh")
struct MeshDirectoryTests {
    private let directory = MeshDirectory()

    @Test("Every service and method is there, and served by a process")
    func complete() {
        #expect(directory.services.flatMap(\.methods).map(\.method) == ServiceAPI.allMethods)
        // Enrolment is on a port of its own, for programs without a certificate.
        for service in directory.services where service.name != "cryptopulse.auth.v1.Enrolment" {
            #expect(!MeshDirectory.processes(serving: service.name).isEmpty, "\(service.name)")
        }
        #expect(MeshDirectory.processes(serving: "cryptopulse.market_data.v1.MarketData") == [.marketData])
        #expect(MeshDirectory.processes(serving: "mesh.v1.Health") == [.auth, .agent, .marketData, .execution, .audit])
        #expect(MeshDirectory.processes(serving: "cryptopulse.auth.v1.Enrolment").isEmpty)
        #expect(MeshDirectory.processes(serving: "other.v1.Other").isEmpty)
    }

    @Test("Services and methods are found by full and by short name")
    func names() throws {
        #expect(try directory.service("mesh.v1.Health").name == "mesh.v1.Health")
        #expect(try directory.service("Execution").name == "cryptopulse.execution.v1.Execution")
        #expect(try directory.method("Health/Check").method == MeshV1.HealthMethods.check)
        #expect(try directory.method("/mesh.v1.Health/Watch").method == MeshV1.HealthMethods.watch)
    }

    @Test(
        "What is not there says what is near, or what there is",
        arguments: [
            ("Helth/Check", "no service is called Helth; did you mean mesh.v1.Health?"),
            ("Health/Chek", "no method of mesh.v1.Health is called Chek; did you mean Check?"),
            ("mesh.v1.Health/Xyzzyxyzzy", "there is Check, Watch"), ("cryptopulse.auth.v1.Auht/SignIn", "did you mean cryptopulse.auth.v1.Auth"),
            ("Health", "write SERVICE/METHOD"), ("a/b/c", "write SERVICE/METHOD"), ("/", "write SERVICE/METHOD"),
            ("Qqqqqqqqqqqqqqqq/A", "there is cryptopulse.agent.v1.Agent, cryptopulse.audit.v1.Audit"),
        ])
    func unknown(path: String, says: String) {
        let error = #expect(throws: MeshCommandError.self) { try directory.method(path) }
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "nothing")")
        guard case .usage = error else {
            Issue.record("not the user's fault")
            return
        }
    }

    @Test("A description names the processes, the policy, the messages and a call to start from")
    func descriptions() throws {
        let service = MeshDescription.text(try directory.entry("cryptopulse.auth.v1.Auth"), .operator)
        #expect(service.contains("// served by auth\nservice cryptopulse.auth.v1.Auth {\n  rpc SignUp("))
        let watch = MeshDescription.text(try directory.entry("Health/Watch"), .operator)
        #expect(watch.hasPrefix("rpc Watch(mesh.v1.HealthCheckRequest) returns (stream mesh.v1.HealthCheckResponse);\n  callers: operator, gateway"))
        #expect(watch.contains("message mesh.v1.HealthCheckRequest {\n  string service = 1;\n}"))
        #expect(watch.contains("pulse mesh call mesh.v1.Health/Watch '{\"service\":\"\"}'"))
        let method = MeshDescription.text(try directory.entry("Execution/SignOff"), .operator)
        #expect(method.contains("tokens: signoff+jwt"))
    }

    @Test("Of every service it is said who serves it, also of the one that is on no mesh port; of a stranger's nothing is")
    func servers() throws {
        for service in directory.services {
            let servers = try #require(MeshDirectory.servers(of: service.name))
            #expect(!servers.isEmpty && MeshDescription.text(.service(service), .operator).hasPrefix("// served by \(servers)\nservice \(service.name) {\n"))
            #expect(MeshDescription.line(service, .operator).hasPrefix(service.name) && MeshDescription.line(service, .operator).hasSuffix(" " + servers))
        }
        #expect(MeshDirectory.servers(of: "cryptopulse.auth.v1.Enrolment") == "auth, on its enrolment port")
        let stranger = ServiceReflection(name: "other.v1.Other", methods: [])
        #expect(MeshDescription.text(.service(stranger), .operator) == "service other.v1.Other {\n}" && MeshDescription.line(stranger, .operator) == stranger.name)
    }

    @Test("The call to start from finds its process as it stands; where no process takes it, there is none")
    func examples() throws {
        for method in directory.services.flatMap(\.methods) {
            let (text, path) = (MeshDescription.text(.method(method), .operator), "\(method.method.service)/\(method.method.name)")
            let serving = MeshDirectory.processes(serving: method.method.service)
            guard let line = text.split(separator: "\n").last(where: { $0.hasPrefix("pulse mesh call \(path) '") }) else {
                #expect(serving.isEmpty, "\(path) has no example")
                continue
            }
            let choice = line.split(separator: " --at ").dropFirst().first.map(String.init)
            #expect(try MeshTarget.process(for: method.method, wanted: choice) == serving.first, "\(line)")
        }
    }

    @Test("Messages inside messages, oneofs and enums are described too; of what is not there something near is named")
    func types() throws {
        let event = MeshDescription.text(try directory.entry("cryptopulse.agent.v1.ChatEvent"), .operator)
        #expect(event.contains("  oneof {\n    ") && event.hasSuffix("  }\n}"))
        #expect(MeshDescription.text(try directory.entry("cryptopulse.execution.v1.Side"), .operator).hasPrefix("enum cryptopulse.execution.v1.Side {\n"))
        #expect(MeshDescription.text(try directory.entry("cryptopulse.execution.v1.Fill"), .operator).contains("message cryptopulse.execution.v1.Fill {"))
        let error = #expect(throws: MeshCommandError.self) { try directory.entry("cryptopulse.execution.v1.Fil") }
        #expect(error?.message.contains("did you mean cryptopulse.execution.v1.Fill") == true, "\(error?.message ?? "nothing")")
    }

    @Test("A method that many serve needs a choice among those")
    func target() throws {
        let (check, signIn) = (MeshV1.HealthMethods.check, AuthV1.AuthMethods.signIn)
        #expect(try MeshTarget.process(for: signIn, wanted: nil) == .auth)
        #expect(try MeshTarget.process(for: check, wanted: "market-data") == .marketData)
        let undecided = #expect(throws: MeshCommandError.self) { try MeshTarget.process(for: check, wanted: nil) }
        #expect(undecided?.message.contains("choose one by --at") == true)
        for wrong in ["gateway", "nobody"] {
            #expect(throws: MeshCommandError.self) { try MeshTarget.process(for: check, wanted: wrong) }
        }
        #expect(throws: MeshCommandError.self) { try MeshTarget.process(for: signIn, wanted: "audit") }
        #expect(try MeshTarget.processes(named: nil).count == 5)
        #expect(try MeshTarget.processes(named: "audit") == [.audit])
        #expect(try MeshTarget.processes(named: "Agent") == [.agent])
        #expect(throws: MeshCommandError.self) { try MeshTarget.processes(named: "gateway") }
    }

    @Test("A service that no mesh port serves is no target, also of a ping: nobody to ask is a usage error", arguments: ["Enrolment", "cryptopulse.auth.v1.Enrolment"])
    func nobodyToPing(name: String) {
        let error = #expect(throws: MeshCommandError.self) { try MeshTarget.processes(named: name) }
        #expect(error?.message == "cryptopulse.auth.v1.Enrolment is on no mesh port: it is for programs that have no certificate")
        guard case .usage = error else {
            Issue.record("not the user's fault")
            return
        }
    }

    @Test("A ping of a service asks about that service, any other about the process; the health service does not know itself")
    func healthQuestion() {
        let full = [
            "Auth": "cryptopulse.auth.v1.Auth", "cryptopulse.keys.v1.Keys": "cryptopulse.keys.v1.Keys", "Health": "", "mesh.v1.Health": "", "auth": "",
            "nobody": "",
        ]
        for (name, question) in full { #expect(MeshTarget.healthQuestion(named: name) == question, "\(name)") }
        #expect(MeshTarget.healthQuestion(named: nil).isEmpty)
    }
}
