# SPDX-License-Identifier: Apache-2.0
"""Journeys by the AWS CLI that together call every operation there is, one module a service.

Each is a function of an `aws_driver.Aws` and has an account of its own. What an operation does in
full is tested through boto3; here it counts that the CLI's forms and outputs of it work.
"""
