internal import Glibc
import Dispatch
import Foundation
import MeshMessages
import Synchronization

/// A file that is read on a thread of its own, a JSON value when one is asked for. For one reader.
///
/// A cancelled reader gets an answer at once, although the thread may wait on: for a person at the keyboard, say.
final class InputFile: Sendable {
    private let queue = DispatchQueue(label: "mesh-tool.input")
    private let state: State

    private static let pieceBytes = 64 << 10

    /// Confined to the queue.
    private final class State: @unchecked Sendable {
        let file: FileHandle
        var splitter = JSONDocumentSplitter(longest: MessageLimits.maxJSONBytes)
        var isAtEnd = false

        init(_ file: FileHandle) {
            self.file = file
        }
    }

    init(_ file: FileHandle) {
        state = State(file)
    }

    /// The next JSON value, as soon as its last byte is there; nil at the end.
    ///
    /// - Throws: `JSONDocumentSplitter.TooLong`; `MeshCommandError`; `CancellationError`.
    func document() async throws -> [UInt8]? {
        try await onQueue { state in
            while true {
                if let document = try state.splitter.next() { return document }
                if state.isAtEnd { return nil }
                try Self.read(state)
            }
        }
    }

    /// All of it.
    ///
    /// - Throws: `JSONDocumentSplitter.TooLong`; `CancellationError`; an I/O error.
    func all() async throws -> [UInt8] {
        try await onQueue { state in
            var content: [UInt8] = []
            while let piece = try state.file.read(upToCount: Self.pieceBytes), !piece.isEmpty {
                content += piece
                guard content.count <= MessageLimits.maxJSONBytes else { throw JSONDocumentSplitter.TooLong() }
            }
            return content
        } ?? []
    }

    /// What there is, as soon as there is any: Foundation's own read waits until it has as much as was asked for. Empty at the end.
    private static func available(_ file: FileHandle) throws -> Data {
        var bytes = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = Glibc.read(file.fileDescriptor, &bytes, bytes.count)
            if count >= 0 { return Data(bytes[..<count]) }
            guard errno == EINTR else { throw MeshCommandError.usage("the input cannot be read: \(String(cString: strerror(errno)))") }
        }
    }

    private static func read(_ state: State) throws {
        let piece = try available(state.file)
        state.isAtEnd = piece.isEmpty
        if piece.isEmpty { state.splitter.end() } else { state.splitter.append(piece) }
    }

    private func onQueue(_ body: @escaping @Sendable (State) throws -> [UInt8]?) async throws -> [UInt8]? {
        let answer = Answer()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                answer.wait(waiter)
                queue.async { [state] in answer.give(Result { try body(state) }) }
            }
        } onCancel: {
            answer.give(.failure(CancellationError()))
        }
    }

    /// Takes the first of two answers: the file's or the cancellation's.
    private final class Answer: Sendable {
        typealias Waiter = CheckedContinuation<[UInt8]?, any Error>

        private let state = Mutex<(waiter: Waiter?, early: Result<[UInt8]?, any Error>?)>((nil, nil))

        func wait(_ waiter: Waiter) {
            let early = state.withLock { state in
                if state.early == nil { state.waiter = waiter }
                return state.early
            }
            if let early { waiter.resume(with: early) }
        }

        func give(_ result: Result<[UInt8]?, any Error>) {
            let waiter = state.withLock { state in
                if state.early == nil { state.early = result }
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(with: result)
        }
    }
}
