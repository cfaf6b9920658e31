internal import CLinux
internal import Glibc

/// Variables of this process's environment that hold secrets: read once, then wiped where the kernel shows them.
///
/// `unsetenv` alone takes a variable out of the list and leaves its bytes where the program's start put them, which is what
/// `/proc/PID/environ` shows. A copy that somebody made of the environment before is out of reach: take secrets first.
public enum EnvironmentBlock {
    /// Reads a variable, overwrites its value in place and takes the variable out of the environment.
    ///
    /// - Returns: nil when it is not set, or empty.
    public static func take(_ variable: String) -> SecretBytes? {
        guard let value = getenv(variable) else { return nil }
        let bytes = UnsafeMutableRawBufferPointer(start: value, count: strlen(value))
        let secret = bytes.isEmpty ? nil : SecretBytes(copying: bytes)
        SecretBytes.wipe(bytes)
        unsetenv(variable)
        return secret
    }

    /// The names of all variables that begin so.
    static func names(beginning prefix: String) -> [String] {
        var names: [String] = []
        var entry = cp_environment()
        while let variable = entry?.pointee {
            let name = UnsafeRawBufferPointer(start: variable, count: strlen(variable)).prefix { $0 != UInt8(ascii: "=") }
            let text = String(decoding: name, as: UTF8.self)
            if text.hasPrefix(prefix) { names.append(text) }
            entry = entry?.advanced(by: 1)
        }
        return names
    }
}
