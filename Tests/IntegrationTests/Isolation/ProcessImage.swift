import Foundation
import TestSupport

/// Everything of a running process that holds bytes. Reading it takes root, or CAP_SYS_PTRACE: a service is not dumpable.
struct ProcessImage {
    let pid: Int32

    static let isReadable = geteuid() == 0

    /// Where in the process something was found.
    enum Part: String, CaseIterable {
        case memory, environment
        case commandLine = "command line"
        case openFile = "open file"
        case coreDump = "core dump"
    }

    /// All of it but the dump.
    func hits(_ search: ByteSearch) throws -> [Part: Set<ByteSearch.Hit>] {
        var found: [Part: Set<ByteSearch.Hit>] = [.memory: try memory(search)]
        found[.environment] = search.hits(in: try ProcessFile.bytes("environ", of: pid))
        found[.commandLine] = search.hits(in: try ProcessFile.bytes("cmdline", of: pid))
        found[.openFile] = try openFiles().reduce(into: []) { $0.formUnion(search.hits(inFile: $1)) }
        return found
    }

    private func memory(_ search: ByteSearch) throws -> Set<ByteSearch.Hit> {
        let memory = open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
        guard memory >= 0 else { throw NeverHappened(what: "/proc/\(pid)/mem opens: \(String(cString: strerror(errno)))") }
        defer { close(memory) }
        let maps = String(decoding: try ProcessFile.bytes("maps", of: pid), as: UTF8.self).split(separator: "\n")
        let ranges = maps.compactMap(Self.readableRange)
        guard ranges.contains(where: { $0.upperBound - $0.lowerBound > 1 << 16 }) else { throw NeverHappened(what: "process \(pid) has memory") }
        return ranges.reduce(into: []) { $0.formUnion(search.hits(in: memory, $1)) }
    }

    /// A line of proc_pid_maps(5): `from-to perms offset device inode path`.
    private static func readableRange(_ line: Substring) -> Range<UInt64>? {
        let fields = line.split(separator: " ", maxSplits: 2)
        guard fields.count == 3, fields[1].hasPrefix("r"), !line.hasSuffix("[vvar]"), !line.hasSuffix("[vsyscall]") else { return nil }
        let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
        return ends.count == 2 && ends[0] < ends[1] ? ends[0]..<ends[1] : nil
    }

    /// Paths below /proc, which reach files that were deleted as well.
    private func openFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap { name in
            let link = "/proc/\(pid)/fd/\(name)"
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link), target.hasPrefix("/"), !target.hasPrefix("/dev/") else {
                return nil
            }
            // A deleted file has no other name.
            return target.hasSuffix(" (deleted)") ? link : target
        }
    }

    /// The files that it has open, by their paths.
    func openPaths() throws -> [String] { try openFiles() }

    /// A core dump as gdb makes it, which leaves out what is marked so (MADV_DONTDUMP).
    func dump(into folder: URL, _ search: ByteSearch) async throws -> Set<ByteSearch.Hit> {
        let file = folder.appending(path: "core.\(pid)")
        defer { try? FileManager.default.removeItem(at: file) }
        let gdb = try await ProgramRun.of(
            "gdb", ["--nx", "--batch", "--readnever", "-iex", "set auto-solib-add off", "-p", "\(pid)", "-ex", "gcore \(file.path)"])
        guard FileManager.default.fileExists(atPath: file.path) else { throw NeverHappened(what: "gdb dumps process \(pid): \(gdb.text.suffix(500))") }
        return search.hits(inFile: file.path)
    }
}
