internal import Foundation

/// Files and folders that only their owner can read.
enum PrivateFiles {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    /// Makes a folder with mode 0700, and those above it.
    static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Makes a folder its owner's alone, or finds that it is. An empty one that others may enter is closed to them; one with something
    /// in it is not taken, because others may hold or have changed what is there.
    ///
    /// - Throws: `DeploymentError` that names the folder and its mode.
    static func claimFolder(_ path: String) throws {
        guard exists(path) else { return try makeFolder(path) }
        let attributes = try FileManager.default.attributesOfItem(atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
        guard attributes[.type] as? FileAttributeType == .typeDirectory, let mode = attributes[.posixPermissions] as? Int else {
            throw DeploymentError("\(path) is not a folder")
        }
        guard mode & 0o077 != 0 else { return }
        guard try FileManager.default.contentsOfDirectory(atPath: path).isEmpty else {
            throw DeploymentError(
                "\(path) is open to others (mode 0\(String(mode, radix: 8))) and not empty; choose another folder, or, if all in it is yours, chmod 700 it")
        }
        guard chmod(path, 0o700) == 0 else { throw failure("cannot close \(path) to others") }
    }

    /// Replaces a file in one step: a reader sees the old bytes or the new ones. Mode 0600.
    static func write(_ bytes: some DataProtocol, to path: String) throws {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot write \(path)") }
        do {
            try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: bytes)
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            unlink(temporary)
            throw failure("cannot write \(path)")
        }
    }

    static func write(_ text: String, to path: String) throws {
        try write(Data(text.utf8), to: path)
    }

    static func write(json value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(encoder.encode(value), to: path)
    }

    static func read(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path) else { throw failure("cannot read \(path)") }
        return data
    }

    static func readText(_ path: String) throws -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    static func read<T: Decodable>(json path: String, as type: T.Type) throws -> T {
        do {
            return try JSONDecoder().decode(T.self, from: read(path))
        } catch let error as DecodingError {
            throw Failure(description: "\(path) is not what it should be: \(error)")
        }
    }

    private static func failure(_ what: String) -> Failure {
        Failure(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
