#!/usr/bin/env bash
# The way it is done by hand: tags moved one after the other, then each service told and waited for.
# usage: deploy.sh lambda|ecs REGISTRY EXISTING_TAG NAMESPACE REPOSITORY...
set -euo pipefail

runs_on=$1
registry=$2
existing_tag=$3
namespace=$4
shift 4

"$(dirname "$0")/retag.sh" "$existing_tag" "$namespace" "$@"

services=()
for repository in "$@"; do
  service="$namespace-$(basename "$repository")"
  services+=("$service")
  if [ "$runs_on" = ecs ]; then
    aws ecs update-service --cluster concepts --service "$service" --force-new-deployment >/dev/null
  else
    aws lambda update-function-code --function-name "$service" --image-uri "$registry/$repository:$namespace" >/dev/null
    aws lambda wait function-updated-v2 --function-name "$service"
  fi
done
if [ "$runs_on" = ecs ]; then
  aws ecs wait services-stable --cluster concepts --services "${services[@]}"
fi
