import ArgumentParser
import Deployment
import Logging
import ServiceAPI

struct EnrolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol", abstract: "Lets a service get its mesh certificate.", subcommands: [EnrolTokenCommand.self, EnrolOperatorCommand.self])
}

struct EnrolOperatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operator", abstract: "Gets the operator's certificate by the join token in operator/enrol; `pulse up` does so by itself.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        try await OperatorIdentity.enrol(state.folder, logger: Logger(label: "pulse") { _ in SwiftLogNoOpLogHandler() })
        print("the operator has a certificate")
    }
}

struct EnrolTokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes a join token, good once for one service; put it into the service's enrol/join-token.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The service: market-data.")
    var service: String
    @Option(help: "How long it may wait to be used.")
    var minutes: UInt32 = 10
    @Option(help: "Why; goes to the audit log.")
    var reason = "enrolment"

    func validate() throws {
        guard (1...10_080).contains(minutes) else { throw ValidationError("--minutes takes 1 to 10080") }
    }

    func run() async throws {
        let answer = try await OperatorMesh(state.folder).withIdentity { identity in
            try await identity.createJoinToken(.init(service: service, lifetime: minutes * 60, reason: reason))
        }
        print(answer.joinToken)
    }
}
