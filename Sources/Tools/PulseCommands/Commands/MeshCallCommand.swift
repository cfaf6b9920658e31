import ArgumentParser
import Deployment
import Foundation
import MeshCall
import MeshMessages
import MeshTelemetry

struct MeshCallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Calls a method; JSON in, JSON out.",
        discussion: """
            One line of JSON for each response. A method that takes one message takes it as an argument, or from standard input with -.
            A method that takes a stream takes one message an argument, or without arguments JSON values from standard input: one after
            another, over as many lines as they like, each sent as soon as it is complete.
            Exit code 0: the call succeeded. 64: there is no such method, or the message is wrong. 1: the call failed; its status is on
            standard error.
            """)

    @OptionGroup var state: StateOptions
    @Argument(help: "SERVICE/METHOD, as in mesh.v1.Health/Check or Health/Check.")
    var method: String
    @Argument(help: "Messages as JSON; - reads standard input.")
    var messages: [String] = []
    @Option(name: .customLong("header"), help: "Metadata as KEY:VALUE; can be given more than once.")
    var headers: [String] = []
    @Option(help: "A file with the user token to carry.")
    var tokenFile: String?
    @Option(help: "Seconds that the call may take; the method's own default otherwise.")
    var timeout: Double?
    @Option(name: .customLong("at"), help: "The process to call, where several serve the method.")
    var process: String?
    @Flag(help: "Also shows fields that hold their default.")
    var defaults = false
    @Flag(help: "Has the call's spans written to the services' logs; says its trace id on standard error.")
    var trace = false
    @Flag(help: "Shows a response on several lines.")
    var indent = false

    func run() async throws {
        try await MeshCommandError.reporting {
            let method = try MeshDirectory().method(method)
            let output = MessageJSONOptions(includesDefaults: defaults, isIndented: indent)
            let place = trace ? TraceParent.makeRoot().sampled(true) : nil
            let call = DynamicCall(method, options: try CallWishes(headers, tokenFile, timeout, trace: place).options(), output: output)
            let process = try MeshTarget.process(for: method.method, wanted: process)
            let input = Self.input(method.method.kind, messages)
            if let place { FileHandle.standardError.write(Data("trace \(place.traceIDText)\n".utf8)) }
            try await OperatorMesh(state.folder).withClient(to: process) { client in
                try await call.run(on: client, input) { try Terminal.line($0) }
            }
        }
    }

    private static func input(_ kind: MethodDescriptor.Kind, _ messages: [String]) -> CallInput {
        switch kind {
        case .unary, .serverStreaming: messages == ["-"] ? CallInput(wholeOf: .standardInput) : CallInput(messages)
        case .clientStreaming, .bidirectional: messages.isEmpty || messages == ["-"] ? CallInput(documentsOf: .standardInput) : CallInput(messages)
        }
    }
}
