// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// A Lambda function in Swift for the runtime `provided.al2023`. Build and pack it with
//
//     swift build -c release --static-swift-stdlib
//     (cd .build/release && zip ../function.zip bootstrap)
import PackageDescription

let package = Package(
    name: "swift-bootstrap",
    targets: [.executableTarget(name: "bootstrap")]
)
