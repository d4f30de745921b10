// SPDX-License-Identifier: Apache-2.0
// What an environment sees of the machine: the arguments that make bubblewrap build it. A pure
// function of its inputs; nothing here touches the file system.

/// The files and limits of one environment.
struct SandboxLayout: Sendable {
    /// A read-only piece of the machine at a place inside.
    struct Mount: Sendable {
        let source: String
        let target: String
        var isFile = false
    }

    var mounts: [Mount]
    var temporaryBytes: Int
    /// The descriptor number of the system-call filter inside bubblewrap, if there is one.
    var filterDescriptor: Int32?

    /// The system's programs and libraries that exist here, `/usr/local` and `/home` left out.
    static let systemFolders = [
        "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec",
        "/usr/share",
    ]
    static let systemLinks = ["bin", "sbin", "lib", "lib32", "lib64"]
    static let systemFiles = [
        "/etc/ld.so.cache", "/etc/ssl", "/etc/alternatives", "/etc/localtime",
    ]

    /// The arguments before `--` for the program that carries functions' traffic.
    static func programArguments(socketFolder: String) -> [String] {
        var list = [
            "bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--die-with-parent", "--new-session", "--disable-userns",
            "--cap-drop", "ALL",
        ]
        for folder in systemFolders { list += ["--ro-bind-try", folder, folder] }
        for link in systemLinks { list += ["--symlink", "usr/\(link)", "/\(link)"] }
        list += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--dev", "/dev"]
        return list + ["--bind", socketFolder, "/net", "--remount-ro", "/"]
    }

    /// The arguments before `--` and the command.
    var arguments: [String] {
        var list = [
            "bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid",
            "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox",
            "--die-with-parent", "--new-session", "--disable-userns", "--cap-drop", "ALL",
        ]
        if let filterDescriptor { list += ["--seccomp", String(filterDescriptor)] }
        for folder in Self.systemFolders { list += ["--ro-bind-try", folder, folder] }
        for link in Self.systemLinks { list += ["--symlink", "usr/\(link)", "/\(link)"] }
        for file in Self.systemFiles { list += ["--ro-bind-try", file, file] }
        list += ["--dir", "/opt", "--dir", "/var/task", "--proc", "/proc", "--dev", "/dev"]
        // Before the mounts: what the machine keeps under /tmp may have to be seen inside.
        list += ["--perms", "1777", "--size", String(temporaryBytes), "--tmpfs", "/tmp"]
        for mount in mounts { list += ["--ro-bind", mount.source, mount.target] }
        // The tree's own root and /dev are memory too; only /tmp may be filled.
        list += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/var/task"]
        return list
    }
}
