public import Foundation

/// A program of this very build: it lies beside the test bundle.
public enum BuiltProgram {
    /// - Throws: `CocoaError.fileNoSuchFile` when it has not been built.
    public static func named(_ name: String) throws -> URL {
        var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        while folder.path != "/" {
            let program = folder.appending(path: name)
            if FileManager.default.isExecutableFile(atPath: program.path) { return program }
            folder.deleteLastPathComponent()
        }
        throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: name])
    }
}
