public import Foundation
internal import Synchronization

/// A wall clock for a mesh's processes that a test sets forward, by libfaketime; the steady clock is left alone.
public final class LocalClock: Sendable {
    private static let library = "/usr/lib/\(machine)-linux-gnu/faketime/libfaketime.so.1"
    private static let fileName = "clock"

    private struct State {
        var offset: Int64 = 0
        var files: [String] = []
    }

    private let state = Mutex(State())
    /// The semaphore and shared memory of libfaketime. It would make its own and tell of it by `setenv`, after which Swift finds no arguments.
    private let shared = "cryptopulse-clock-\(UUID().uuidString)"

    /// Whether the library is there (Debian: libfaketime).
    public static var isAvailable: Bool { FileManager.default.fileExists(atPath: library) }

    public init() throws {
        var semaphore = sem_t()
        sem_init(&semaphore, 1, 1)
        try withUnsafeBytes(of: &semaphore) { try Data($0).write(to: URL(filePath: "/dev/shm/sem.\(shared)")) }
        try Data(count: 4096).write(to: URL(filePath: "/dev/shm/\(shared)"))
    }

    deinit {
        unlink("/dev/shm/sem.\(shared)")
        unlink("/dev/shm/\(shared)")
    }

    public var now: Date { Date() + TimeInterval(offset) }
    /// Seconds ahead of the machine's clock.
    public var offset: Int64 { state.withLock { $0.offset } }

    /// Sets the clock forward for all processes at once.
    public func advance(by duration: Duration) throws {
        let (offset, files) = state.withLock { state in
            state.offset += duration.components.seconds
            return (state.offset, state.files)
        }
        for file in files { try Self.write(offset, to: file) }
    }

    /// A process reads the clock from its own folder: a confined one cannot read elsewhere.
    func keep(in folders: [String]) throws {
        let files = folders.map { $0 + "/" + Self.fileName }
        state.withLock { $0.files += files }
        for file in files { try Self.write(offset, to: file) }
    }

    /// What makes a program go by the clock that is kept in `folder`.
    public func environment(in folder: String) -> [String: String] {
        [
            "LD_PRELOAD": Self.library, "FAKETIME_TIMESTAMP_FILE": folder + "/" + Self.fileName, "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "FAKETIME_SHARED": "/\(shared) /\(shared)",
        ]
    }

    private static func write(_ offset: Int64, to file: String) throws {
        try Data("+\(offset)\n".utf8).write(to: URL(filePath: file), options: .atomic)
    }

    private static var machine: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }
}
