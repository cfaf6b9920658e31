internal import CLinux
internal import Glibc

/// Variables of this process's environment that hold secrets: read once, then wiped where the kernel shows them.
///
/// `unsetenv` alone takes a variable out of the list and leaves its bytes where the program's start put them, which is what
/// `/proc/PID/environ` shows. A copy that somebody made of the environment before is out of reach: take secrets first.
public enum EnvironmentBlock {
    /// Reads a variable, overwrites its value in place and takes the variable out of the environment.
    ///
    /// - Returns: nil when it is not set, or empty. Of one that stands there twice the first, as `getenv` has it; both are overwritten.
    public static func take(_ variable: String) -> SecretBytes? {
        let values = values(of: variable)
        let secret = values.first.flatMap { $0.isEmpty ? nil : SecretBytes(copying: UnsafeRawBufferPointer($0)) }
        values.forEach(SecretBytes.wipe)
        unsetenv(variable)
        return secret
    }

    /// One variable that is no secret, without a copy of all the others.
    public static func text(_ variable: String) -> String? {
        getenv(variable).map { String(cString: $0) }
    }

    private static func values(of variable: String) -> [UnsafeMutableRawBufferPointer] {
        var values: [UnsafeMutableRawBufferPointer] = []
        let name = variable + "="
        var entry = cp_environment()
        while let text = entry?.pointee {
            if strncmp(text, name, name.utf8.count) == 0 {
                let value = text + name.utf8.count
                values.append(UnsafeMutableRawBufferPointer(start: value, count: strlen(value)))
            }
            entry = entry?.advanced(by: 1)
        }
        return values
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
