#!/usr/bin/env bash
# The way it is done by hand: one repository after the other, each with two calls of the AWS CLI.
# usage: retag.sh EXISTING_TAG NEW_TAG REPOSITORY...
set -euo pipefail

existing_tag=$1
new_tag=$2
shift 2

for repository in "$@"; do
  manifest=$(aws ecr batch-get-image \
    --repository-name "$repository" \
    --image-ids imageTag="$existing_tag" \
    --query 'images[].imageManifest' \
    --output text)
  aws ecr put-image \
    --repository-name "$repository" \
    --image-tag "$new_tag" \
    --image-manifest "$manifest" >/dev/null
done
