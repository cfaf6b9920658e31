package import Foundation
package import MeshMessages

/// The request messages of one call, in the order they are sent: from the command line or from a file.
package struct CallInput: Sendable {
    private enum Source: Sendable {
        case arguments([String])
        case whole(InputFile)
        case documents(InputFile)
    }

    private let source: Source

    package init(_ arguments: [String]) {
        source = .arguments(arguments)
    }

    /// One message.
    package init(wholeOf file: FileHandle) {
        source = .whole(InputFile(file))
    }

    /// A message each JSON value; they are read as they are asked for.
    package init(documentsOf file: FileHandle) {
        source = .documents(InputFile(file))
    }

    /// Packs each message as `layout` and gives it to `take`; ends with the input.
    ///
    /// - Throws: `MeshCommandError` that says which message is wrong and where.
    package func forEach(as layout: MessageLayout, _ take: ([UInt8]) async throws -> Void) async throws {
        switch source {
        case .arguments(let texts):
            for (index, text) in texts.enumerated() {
                try await take(Self.packed(Array(text.utf8), layout, which: texts.count > 1 ? "message \(index + 1): " : ""))
            }
        case .whole(let file): try await take(Self.packed(try await Self.bounded(which: "") { try await file.all() }, layout, which: ""))
        case .documents(let file):
            var number = 1
            while let document = try await Self.bounded(which: "message \(number): ", { try await file.document() }) {
                try await take(Self.packed(document, layout, which: "message \(number): "))
                number += 1
            }
        }
    }

    private static func bounded<T>(which: String, _ read: () async throws -> T) async throws -> T {
        do {
            return try await read()
        } catch is JSONDocumentSplitter.TooLong {
            throw MeshCommandError.usage("\(which)more than \(MessageLimits.maxJSONBytes) bytes")
        }
    }

    private static func packed(_ json: [UInt8], _ layout: MessageLayout, which: String) throws -> [UInt8] {
        do throws(MessageJSONError) {
            return try layout.packed(json: json)
        } catch {
            throw MeshCommandError.usage("\(which)\(layout.fullName): \(error)")
        }
    }
}

