import Foundation

/// A program run to its end.
struct Command {
    let status: Int32
    let output: String

    /// - Parameter input: what it reads on standard input.
    static func run(_ program: String, _ arguments: [String], input: String = "", limit: TimeInterval = 60) async throws -> Command {
        try await withCheckedThrowingContinuation { continuation in
            // Process blocks: not on the concurrency runtime's threads.
            Thread.detachNewThread {
                continuation.resume(with: Result { try blocking(program, arguments, input: input, limit: limit) })
            }
        }
    }

    private static func blocking(_ program: String, _ arguments: [String], input: String, limit: TimeInterval) throws -> Command {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["timeout", "\(limit)", program] + arguments
        let (standardInput, standardOutput) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = standardOutput
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let data = standardOutput.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Command(status: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
    }
}
