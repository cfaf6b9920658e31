import ArgumentParser
import Foundation
package import MeshCall
import MeshMessages
import MeshTelemetry

/// What every `call` takes: a method, messages, and how the call is made and shown.
package struct CallArguments: ParsableArguments {
    package static let abstract = "Calls a method; JSON in, JSON out."
    package static let discussion = """
        One line of JSON for each response. A method that takes one message takes it as an argument, or from standard input with -.
        A method that takes a stream takes one message an argument, or without arguments JSON values from standard input: one after
        another, over as many lines as they like, each sent as soon as it is complete.
        Exit code 0: the call succeeded. 64: there is no such method, or the message is wrong. 1: the call failed; its status is on
        standard error.
        """

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
    @Flag(help: "Also shows fields that hold their default.")
    var defaults = false
    @Flag(help: "Has the call's spans recorded by whoever serves it; says its trace id on standard error.")
    var trace = false
    @Flag(help: "Shows a response on several lines.")
    var indent = false

    package init() {}

    /// - Parameter connect: finds who serves the method and gives it to its second argument.
    /// - Throws: `MeshCommandError`, and what `connect` throws.
    package func run(
        in directory: MeshDirectory, _ guide: CallGuide,
        on connect: (MethodDescriptor, (any CallChannel) async throws -> Void) async throws -> Void
    ) async throws {
        let method = try directory.method(method)
        let place = trace ? TraceParent.makeRoot().sampled(true) : nil
        let call = DynamicCall(
            method, options: try CallWishes(headers, tokenFile, timeout, trace: place).options(),
            output: MessageJSONOptions(includesDefaults: defaults, isIndented: indent), guide: guide)
        try await connect(method.method) { channel in
            if let place { StandardError.line("trace \(place.traceIDText)") }
            try await call.run(on: channel, input(method.method.kind)) { try StandardOutput.line($0) }
        }
    }

    private func input(_ kind: MethodDescriptor.Kind) -> CallInput {
        switch kind {
        case .unary, .serverStreaming: messages == ["-"] ? CallInput(wholeOf: .standardInput) : CallInput(messages)
        case .clientStreaming, .bidirectional:
            messages.isEmpty || messages == ["-"] ? CallInput(documentsOf: .standardInput) : CallInput(messages)
        }
    }
}
