internal import Glibc
internal import MeshGenerator

/// A protoc plugin: reads a request from standard input, writes the answer to standard output.
@main struct Main {
    static func main() {
        guard let request = readAll(STDIN_FILENO), writeAll(MeshGenerator.respond(to: request), to: STDOUT_FILENO) else {
            perror("protoc-gen-mesh")
            exit(1)
        }
    }

    private static func readAll(_ file: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(file, &block, block.count)
            if count == 0 { return bytes }
            guard count > 0 else { return nil }
            bytes += block[..<count]
        }
    }

    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
