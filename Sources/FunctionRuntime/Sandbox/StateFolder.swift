// SPDX-License-Identifier: Apache-2.0
// The runtime's own files: bootstraps, the few files under /etc that code expects, the place
// where mounts are laid out, and at level rlimits each environment's stand-in for /tmp.

import Basics
import Glibc

/// A folder of this process's, made at start and removed at the end.
struct StateFolder: Sendable {
    /// Names this runtime's folder and its control groups.
    let name: String
    let path: String

    var bootstraps: String { "\(path)/runtime" }
    var stage: String { "\(path)/stage" }
    /// Sockets of the programs that carry functions' traffic.
    var network: String { "\(path)/net" }
    var etc: String { "\(path)/etc" }

    private static let prefix = "martlet-functions-"

    /// Makes the folder and fills it.
    ///
    /// Others may read it: sandboxes run as another user.
    init(parent: String, suffix: String, nameServers: [String]) throws(ShellError) {
        name = "\(Self.prefix)\(getpid())-\(suffix)"
        path = "\(parent)/\(name)"
        for folder in [path, "\(path)/runtime", "\(path)/stage", "\(path)/etc", "\(path)/tmp"] {
            guard mkdir(folder, 0o755) == 0 else { throw ShellError("mkdir \(folder)", errno) }
            chmod(folder, 0o755)
        }
        guard mkdir(network, 0o700) == 0 else { throw ShellError("mkdir \(network)", errno) }
        let files: [(String, [UInt8])] = [
            ("runtime/bootstrap.py", PackageResources.bootstrap_py),
            ("runtime/martlet_faults.py", PackageResources.martlet_faults_py),
            ("runtime/bootstrap.mjs", PackageResources.bootstrap_mjs),
            ("etc/passwd", Array("sbx_user:x:1000:1000::/tmp:/sbin/nologin\n".utf8)),
            ("etc/group", Array("sbx_user:x:1000:\n".utf8)),
            ("etc/hosts", Array("127.0.0.1 localhost\n".utf8)),
            ("etc/nsswitch.conf", Array("hosts: files dns\n".utf8)),
            ("etc/resolv.conf", Array(nameServers.map { "\($0)\n" }.joined().utf8)),
        ]
        for (name, content) in files {
            guard SmallFile.write(content, to: "\(path)/\(name)") else {
                throw ShellError("write \(path)/\(name)", errno)
            }
        }
    }

    /// The stand-in for `/tmp` of one environment.
    func makeTemporary(_ name: String) -> String? {
        let folder = "\(path)/tmp/\(name)"
        return mkdir(folder, 0o700) == 0 ? folder : nil
    }

    func remove() { SmallFile.removeTree(path) }

    /// Whether `name` was made by a process that is no more.
    static func isAbandoned(_ name: String) -> Bool {
        guard name.hasPrefix(prefix),
            let owner = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" })
        else { return false }
        return kill(owner, 0) != 0 && errno == ESRCH
    }

    /// Removes what killed processes left behind under `parent`.
    static func sweep(parent: String) {
        for name in SmallFile.names(in: parent) where isAbandoned(name) {
            SmallFile.removeTree("\(parent)/\(name)")
        }
    }
}
